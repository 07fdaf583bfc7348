package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// ordered reads the order for a run.
func (w *world) ordered(t *testing.T, run uuid.UUID) (order wire.Cancel, revision uint64) {
	t.Helper()
	bucket, err := w.js.KeyValue(t.Context(), topology.ControlsBucket)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := bucket.Get(t.Context(), topology.CancelRunKey(run))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return order, 0
	}
	if err == nil {
		order, err = wire.Decode[wire.Cancel](entry.Value())
	}
	if err != nil {
		t.Fatal(err)
	}
	return order, entry.Revision()
}

func cancelPath(run uuid.UUID) string { return "/api/v1/runs/" + run.String() + "/cancel" }

func TestOpenRunsAreCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	job := carillon.NewJobID()
	for i, state := range carillon.States() {
		run := w.record(t, job, "default", carillon.KindSchedule, now.Add(time.Duration(i)), state)
		answer := w.call(t, "POST", cancelPath(run), nil)
		order, revision := w.ordered(t, run)
		if state.Final() {
			if p := intoProblem(t, answer, http.StatusConflict); p.Detail != "the run has ended: it is "+string(state) || revision != 0 {
				t.Errorf("%s: %q, order %+v", state, p.Detail, order)
			}
			continue
		}
		got := into[struct {
			ID    uuid.UUID
			State carillon.State
		}](t, answer, http.StatusAccepted)
		if got.ID != run || got.State != state {
			t.Errorf("%s: answer %+v", state, got)
		}
		if order.JobID != job || !strings.HasPrefix(order.Reason, "cancelled by admin") || time.Since(order.At) > time.Minute || !order.Before.IsZero() {
			t.Errorf("%s: order %+v", state, order)
		}
		into[json.RawMessage](t, w.call(t, "POST", cancelPath(run), nil), http.StatusAccepted) // once more
	}
}

func TestACancelThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `SELECT ensure_day_partition(current_date)`)
	run := w.record(t, carillon.NewJobID(), "default", carillon.KindManual, time.Now().UTC().Truncate(time.Microsecond), carillon.StateRunning)
	for _, unknown := range []uuid.UUID{uuid.Nil, uuid.Max, uuid.New(), carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, time.Now())} {
		intoProblem(t, w.call(t, "POST", cancelPath(unknown), nil), http.StatusNotFound)
	}
	for _, hostile := range []string{"x", "%00", "cancel.job.%3E", "*", run.String() + "%0a", strings.Repeat("a", 5000), "..%2f..%2fjobs"} {
		if got := w.call(t, "POST", "/api/v1/runs/"+hostile+"/cancel", nil).status; got != 422 && got != 404 {
			t.Errorf("%.20s: status %d", hostile, got)
		}
	}
	w.nats.Stop()
	if p := intoProblem(t, w.call(t, "POST", cancelPath(run), nil), http.StatusServiceUnavailable); p.Detail != "NATS is not available" {
		t.Errorf("without NATS: %q", p.Detail)
	}
}
