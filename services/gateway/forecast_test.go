package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

func TestForecast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	soon := time.Now().UTC().Add(2 * time.Hour).Truncate(time.Minute)
	for i, document := range []string{
		`{"name": "herd-%d", "namespace": "a", "schedule": {"at": %q}, "target": {"url": "https://Api.example.com/x"}}`,
		`{"name": "herd-%d", "namespace": "b", "schedule": {"at": %q}, "target": {"url": "https://other.example.com:8443/x"}}`,
		`{"name": "herd-%d", "namespace": "b", "schedule": {"at": %q}, "target": {"url": "https://other.example.com:8443/x"}, "paused": true}`,
	} {
		into[carillon.Job](t, w.call(t, "POST", "/api/v1/jobs", fmt.Sprintf(document, i, soon.Format(time.RFC3339))), 201)
	}
	if _, err := w.pool.Exec(t.Context(), `SELECT ensure_day_partition($1::date)`, time.Now()); err != nil {
		t.Fatal(err)
	}
	id := w.record(t, uuid.New(), "a", carillon.KindSchedule, time.Now().UTC().Truncate(time.Millisecond), carillon.StateSucceeded)
	w.exec(t, `UPDATE runs SET started_at = fire_time, finished_at = fire_time + interval '100s' WHERE id = $1`, id)
	w.exec(t, `UPDATE queues SET concurrency = 1 WHERE name = 'default'`)

	type forecast struct {
		From      time.Time
		Fires     int
		Complete  bool
		PerMinute []int `json:"per_minute"`
		Queues    []struct {
			Queue       string
			Concurrency int
			RunSeconds  float64 `json:"run_seconds"`
			LongestWait float64 `json:"longest_wait_seconds"`
		}
		Endpoints []struct {
			Endpoint string
			Fires    int
		}
	}
	all := into[forecast](t, w.call(t, "GET", "/api/v1/forecast?hours=3", nil), 200)
	if minute := int(soon.Sub(all.From) / time.Minute); all.Fires != 2 || !all.Complete || len(all.PerMinute) != 180 || all.PerMinute[minute] != 2 {
		t.Errorf("got %+v", all)
	}
	if len(all.Queues) != 1 || all.Queues[0].RunSeconds != 100 || all.Queues[0].Concurrency != 1 || all.Queues[0].LongestWait != 100 {
		t.Errorf("queues %+v", all.Queues)
	}
	if len(all.Endpoints) != 2 || all.Endpoints[0].Endpoint != "api.example.com" || all.Endpoints[1].Endpoint != "other.example.com:8443" {
		t.Errorf("endpoints %+v", all.Endpoints)
	}
	if one := into[forecast](t, w.call(t, "GET", "/api/v1/forecast?namespace=b", nil), 200); one.Fires != 1 || len(one.PerMinute) != 360 {
		t.Errorf("of namespace b: %+v", one)
	}
	w.setPaused(t, "pause", object{"namespace": "b"})
	for query, want := range map[string]int{"": 1, "namespace=a": 1, "namespace=b": 0} {
		if got := into[forecast](t, w.call(t, "GET", "/api/v1/forecast?"+query, nil), 200); got.Fires != want {
			t.Errorf("with b paused, %q: %d fires", query, got.Fires)
		}
	}
	w.setPaused(t, "pause", nil)
	if got := into[forecast](t, w.call(t, "GET", "/api/v1/forecast", nil), 200); got.Fires != 0 {
		t.Errorf("with everything paused: %d fires", got.Fires)
	}
	w.setPaused(t, "resume", nil)
	w.setPaused(t, "resume", object{"namespace": "b"})
	if got := into[forecast](t, w.call(t, "GET", "/api/v1/forecast", nil), 200); got.Fires != 2 {
		t.Errorf("with all resumed: %d fires", got.Fires)
	}
	for _, query := range []string{"hours=0", "hours=25", "hours=many", "namespace=%00"} {
		intoProblem(t, w.call(t, "GET", "/api/v1/forecast?"+query, nil), 422)
	}
}
