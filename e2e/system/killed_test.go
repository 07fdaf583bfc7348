package system

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// visits is a target that treats the first call of each path badly, and writes
// down when and under which key it was called.
type visits struct {
	first func(http.ResponseWriter, *http.Request)

	mu   sync.Mutex
	at   map[string][]time.Time
	keys map[string]map[string]bool
}

func newVisits(t *testing.T, first http.HandlerFunc) (v *visits, url string) {
	t.Helper()
	v = &visits{first: first, at: map[string][]time.Time{}, keys: map[string]map[string]bool{}}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	return v, server.URL
}

func (v *visits) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the caller is gone
	if v.enter(r) == 1 {
		v.first(w, r)
	}
}

func (v *visits) enter(r *http.Request) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	path := r.URL.Path
	v.at[path] = append(v.at[path], time.Now())
	if v.keys[path] == nil {
		v.keys[path] = map[string]bool{}
	}
	v.keys[path][r.Header.Get("Idempotency-Key")] = true
	return len(v.at[path])
}

// of returns when a path was called, and under how many keys.
func (v *visits) of(path string) (at []time.Time, keys int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at[path], len(v.keys[path])
}

// TestARunnerKilledInACallAndInABackoff holds that a retry is made within a second
// of its time though the runner that parked it is dead, and that a run whose call
// was cut off by that death is called again under the same key; each has one row.
func TestARunnerKilledInACallAndInABackoff(t *testing.T) {
	t.Parallel()
	const backoff = 6 * time.Second
	a := newArena(t)
	target, url := newVisits(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/call" {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Retry-After", "6") // makes the time of the retry known
		w.WriteHeader(http.StatusInternalServerError)
	})
	runs := map[string]run{}
	for _, name := range []string{"call", "backoff"} {
		doc := carillon.Document{Name: name, Schedule: schedule.Spec{Every: schedule.Duration(time.Hour)}, Paused: true}
		doc.Target.URL = url + "/" + name
		doc.Retry = carillon.Retry{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1}
		job := a.create(t, doc)
		var made run
		if err := a.Do(t.Context(), "POST", "/jobs/"+job.ID.String()+"/run", nil, &made); err != nil {
			t.Fatal(err)
		}
		until(t, 20*time.Second, func() error { return called(target, name, 1) })
		runs[job.ID.String()] = made
	}
	pause(t, time.Second)
	a.killRunner()
	until(t, time.Minute, func() error { return called(target, "backoff", 2) })
	until(t, time.Minute, func() error { return called(target, "call", 2) })
	at, _ := target.of("/backoff")
	if off := at[1].Sub(at[0]) - backoff; off.Abs() > time.Second {
		t.Errorf("the retry was made %s off its time", off)
	}
	for job, made := range runs {
		a.oneRow(job, made)
	}
	for _, path := range []string{"/backoff", "/call"} {
		if at, keys := target.of(path); len(at) != 2 || keys != 1 {
			t.Errorf("%s: %d calls under %d keys, want 2 under 1", path, len(at), keys)
		}
	}
}

func called(v *visits, name string, times int) error {
	if at, _ := v.of("/" + name); len(at) < times {
		return fmt.Errorf("%s: %d calls", name, len(at))
	}
	return nil
}

// oneRow holds that a run has succeeded and is its job's only one.
func (a *arena) oneRow(job string, made run) {
	until(a.t, 20*time.Second, func() error { return a.isRun(a.t, made.ID, carillon.StateSucceeded) })
	if rows := a.runs(a.t, "job_id="+job); len(rows) != 1 {
		a.t.Errorf("job %s: %d rows", job, len(rows))
	}
}
