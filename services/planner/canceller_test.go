package planner_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// TestNothingWaitsForCancellations has 200 jobs replace their runs every second
// while the controls bucket is away, or takes orders and does not answer. Another
// job's fires are planned on time all the while; once the bucket is back, every
// job's order is in it.
func TestNothingWaitsForCancellations(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(*nats.Conn) error{
		"no bucket": func(*nats.Conn) error { return nil },
		"no answer": func(nc *nats.Conn) error {
			_, err := nc.Subscribe(topology.AllCancels, func(*nats.Msg) {})
			return errors.Join(err, nc.Flush())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.start()()
			prompt, replaced := w.replacing(200)
			eventually.Succeeds(t, func() error { return w.ordered(replaced) }) // all have a run in the way
			if err := w.js.DeleteKeyValue(t.Context(), topology.ControlsBucket); err != nil {
				t.Fatal(err)
			}
			listener := w.server.Connect().Conn()
			if err := away(listener); err != nil {
				t.Fatal(err)
			}
			w.checkPrompt(prompt, time.Now(), 5)
			listener.Close()
			eventually.Succeeds(t, func() error { return topology.Ensure(t.Context(), w.js, 1) })
			eventually.Succeeds(t, func() error { return w.ordered(replaced) })
		})
	}
}

// replacing publishes jobs that fire every second: one whose runs are in nobody's
// way, and some whose runs are replaced.
func (w *world) replacing(jobs int) (prompt uuid.UUID, replaced []uuid.UUID) {
	w.t.Helper()
	from := time.Now().Truncate(time.Second)
	for range jobs {
		def := everySecond(carillon.OverlapReplace, from)
		w.publish(def)
		replaced = append(replaced, def.ID)
	}
	def := everySecond(carillon.OverlapAllow, from)
	w.publish(def)
	return def.ID, replaced
}

// checkPrompt waits for a job's fires after an instant and looks at how late they
// were stored.
func (w *world) checkPrompt(job uuid.UUID, after time.Time, fires int) {
	w.t.Helper()
	late := map[time.Time]time.Duration{}
	eventually.Succeeds(w.t, func() error {
		for _, msg := range w.messages(topology.InFlight(job)) {
			run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
			if err != nil {
				w.t.Fatal(err)
			}
			if run.FireTime.After(after) {
				late[run.FireTime] = msg.Time.Sub(run.FireTime)
			}
		}
		if len(late) < fires {
			return fmt.Errorf("%d fires", len(late))
		}
		return nil
	})
	for at, d := range late {
		if d > 4*time.Second { // one order that is waited for takes a second
			w.t.Errorf("fire %s was planned %s late", at, d)
		}
	}
}

// ordered says what is wrong unless all jobs' runs are ordered to be cancelled.
func (w *world) ordered(jobs []uuid.UUID) error {
	bucket, err := w.js.KeyValue(w.t.Context(), topology.ControlsBucket)
	if err != nil {
		return err
	}
	keys, err := bucket.Keys(w.t.Context())
	if err != nil || len(keys) != len(jobs) {
		return fmt.Errorf("%d orders, %w", len(keys), err)
	}
	return nil
}
