package planner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// TestABackfillIsHandedOutOnce stops planners in the middle of a backfill, beside a
// job that fires every second.
func TestABackfillIsHandedOutOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	live, filled := everySecond(carillon.OverlapAllow, time.Now().Truncate(time.Second)), everySecond(carillon.OverlapAllow, time.Now())
	filled.Schedule.Every, filled.Schedule.Cron = 0, "0 0 1 1 *"
	w.publish(live)
	w.publish(filled)
	backfill := wire.Backfill{ID: carillon.NewJobID(), JobID: filled.ID, Rate: 100}
	for i := range 400 {
		backfill.Fires = append(backfill.Fires, time.Date(2025, 1, 1, i, 0, 0, 0, time.UTC))
	}
	if _, err := w.js.Publish(t.Context(), topology.Backfill(filled.ID, backfill.ID), wire.Encode(backfill)); err != nil {
		t.Fatal(err)
	}
	for stage := range 4 {
		stop := w.start()
		eventually.Succeeds(t, func() error {
			if n := len(w.fires(filled.ID)); n < 100*(stage+1) {
				return fmt.Errorf("%d fires handed out", n)
			}
			return nil
		})
		if stage == 3 {
			eventually.Succeeds(t, func() error { return w.ended(backfill) })
		}
		stop()
	}
	for _, msg := range w.messages(topology.InFlight(filled.ID)) {
		run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
		if err != nil || run.Kind != carillon.KindBackfill || msg.Subject != topology.Ready(filled.ID, carillon.BackfillQueue) ||
			run.ID != carillon.NewRunID(backfill.ID, carillon.KindBackfill, run.FireTime) {
			t.Fatalf("%s: %+v, %v", msg.Subject, run, err)
		}
	}
	fires := w.fires(filled.ID)
	for _, at := range backfill.Fires {
		if fires[at] != 1 {
			t.Errorf("%s was handed out %d times", at, fires[at])
		}
	}
	if len(fires) != len(backfill.Fires) {
		t.Errorf("%d fires, want %d", len(fires), len(backfill.Fires))
	}
	for at, n := range w.fires(live.ID) {
		if n != 1 {
			t.Errorf("beside it, %s was planned %d times", at, n)
		}
	}
}

// ended reports whether JOBS says that a backfill has ended.
func (w *world) ended(b wire.Backfill) error {
	stream, err := w.js.Stream(w.t.Context(), topology.JobsStream)
	if err != nil {
		return err
	}
	msg, err := stream.GetLastMsgForSubject(w.t.Context(), topology.Backfill(b.JobID, b.ID))
	if err != nil {
		return err
	}
	if news, err := wire.Decode[wire.Backfill](msg.Data); err != nil || !news.Ended || msg.Header.Get(jetstream.MsgTTLHeader) == "" {
		return fmt.Errorf("%+v with %v, %w", news, msg.Header, err)
	}
	return nil
}

// TestABackfillKeepsOutOfTheWay has a backfill of a job whose run never ends.
func TestABackfillKeepsOutOfTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.start()()
	def := everySecond(carillon.OverlapSkip, time.Now())
	w.publish(def)
	eventually.Succeeds(t, func() error { return w.holds(topology.InFlight(def.ID), 1) })
	backfill := wire.Backfill{ID: carillon.NewJobID(), JobID: def.ID, Rate: 10, Fires: []time.Time{time.Unix(0, 0).UTC()}}
	if _, err := w.js.Publish(t.Context(), topology.Backfill(def.ID, backfill.ID), wire.Encode(backfill)); err != nil {
		t.Fatal(err)
	}
	skips := len(w.messages(topology.Skip(def.ID)))
	eventually.Succeeds(t, func() error { return w.holds(topology.Skip(def.ID), skips+2) })
	if err := w.holds(topology.InFlight(def.ID), 1); err != nil {
		t.Fatalf("while a run is in flight: %v", err)
	}
	runs, err := w.js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	if err := runs.Purge(t.Context(), jetstream.WithPurgeSubject(topology.InFlight(def.ID))); err != nil { // it ends
		t.Fatal(err)
	}
	eventually.Succeeds(t, func() error {
		if err := runs.Purge(t.Context(), jetstream.WithPurgeSubject(topology.Ready(def.ID, "default"))); err != nil { // as all others do
			return err
		}
		return w.holds(topology.Ready(def.ID, carillon.BackfillQueue), 1)
	})
}

// holds reports whether RUNS holds at least so many messages on a filter; exactly
// one if it is one.
func (w *world) holds(filter string, n int) error {
	if got := len(w.messages(filter)); got < n || n == 1 && got != 1 {
		return fmt.Errorf("%d messages on %s", got, filter)
	}
	return nil
}
