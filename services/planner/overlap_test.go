package planner_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// inFlight returns the fire times of a job's runs in the stream.
func (w *world) inFlight(job uuid.UUID) []time.Time {
	w.t.Helper()
	var fires []time.Time
	for at := range w.fires(job) {
		fires = append(fires, at)
	}
	return fires
}

// end takes a job's runs off the stream, as runners do whose calls have ended.
func (w *world) end(job uuid.UUID) {
	w.t.Helper()
	stream, err := w.js.Stream(w.t.Context(), topology.RunsStream)
	if err == nil {
		err = stream.Purge(w.t.Context(), jetstream.WithPurgeSubject(topology.InFlight(job)))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// skips returns the reasons of a job's fires that were decided against.
func (w *world) skips(job uuid.UUID) map[time.Time]string {
	w.t.Helper()
	reasons := map[time.Time]string{}
	for _, msg := range w.messages(topology.Skip(job)) {
		outcome, err := wire.Decode[wire.Outcome](msg.Data)
		if err != nil {
			w.t.Fatal(err)
		}
		if reasons[outcome.FireTime] != "" {
			w.t.Errorf("fire %s was decided against twice", outcome.FireTime)
		}
		reasons[outcome.FireTime] = outcome.Reason
	}
	return reasons
}

// runs waits until exactly one run of a job is in flight, and returns its fire.
func (w *world) runs(job uuid.UUID) (at time.Time) {
	w.t.Helper()
	eventually.Succeeds(w.t, func() error {
		fires := w.inFlight(job)
		if len(fires) != 1 {
			return fmt.Errorf("%d runs in flight", len(fires))
		}
		at = fires[0]
		return nil
	})
	return at
}

// TestQueuedFiresTakeTurns holds a run in flight while fires come due, stops the
// planner, and lets the next one release them one after the other.
func TestQueuedFiresTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	def := everySecond(carillon.OverlapQueue, time.Now().Truncate(time.Second))
	def.MaxQueued = 2
	w.publish(def)
	first := w.runs(def.ID)
	eventually.Succeeds(t, func() error { // two fires wait, the third is too many
		if reason := w.skips(def.ID)[first.Add(3*time.Second)]; !strings.Contains(reason, "queue is full") {
			return fmt.Errorf("third fire: %q", reason)
		}
		return nil
	})
	stop()
	defer w.start()()
	for want := range 3 {
		if got := w.runs(def.ID); !got.Equal(first.Add(time.Duration(want) * time.Second)) {
			t.Fatalf("run %d is of %s, want %d s after %s", want, got, want, first)
		}
		w.end(def.ID)
	}
}

// TestAManualRunIsInTheWay has a retry of a run that no planner knows of.
func TestAManualRunIsInTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.start()()
	def := everySecond(carillon.OverlapQueue, time.Now().Add(time.Second).Truncate(time.Second))
	manual := carillon.NewRunID(def.ID, carillon.KindManual, time.Now())
	if _, err := w.js.Publish(t.Context(), topology.Retry(def.ID, "default", manual), nil); err != nil {
		t.Fatal(err)
	}
	w.publish(def)
	eventually.Succeeds(t, func() error {
		if len(w.skips(def.ID)) == 0 {
			return errors.New("no fire was too many")
		}
		return nil
	})
	if n := len(w.messages(topology.InFlight(def.ID))); n != 1 {
		t.Errorf("%d messages, want the retry alone", n)
	}
	w.end(def.ID)
	w.runs(def.ID)
}

func TestALaterFireReplaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.start()()
	def := everySecond(carillon.OverlapReplace, time.Now().Truncate(time.Second))
	w.publish(def)
	first := w.runs(def.ID)
	bucket, err := w.js.KeyValue(t.Context(), topology.ControlsBucket)
	if err != nil {
		t.Fatal(err)
	}
	var cancel wire.Cancel
	eventually.Succeeds(t, func() error { // two fires later, one of them was replaced as well
		entry, err := bucket.Get(t.Context(), topology.CancelJobKey(def.ID))
		if err != nil {
			return err
		}
		cancel, err = wire.Decode[wire.Cancel](entry.Value())
		if err == nil && !cancel.Before.After(first.Add(time.Second)) {
			return fmt.Errorf("cancelled before %s", cancel.Before)
		}
		return err
	})
	run := wire.Run{FireTime: first, PlannedAt: first.Add(100 * time.Millisecond)}
	if cancel.JobID != def.ID || !cancel.Covers(&run) || cancel.Reason == "" {
		t.Errorf("cancelled by %+v", cancel)
	}
	if reason := w.skips(def.ID)[first.Add(time.Second)]; !strings.Contains(reason, "replaced") {
		t.Errorf("second fire: %q", reason)
	}
	w.end(def.ID)
	if got := w.runs(def.ID); got.Before(cancel.Before) {
		t.Errorf("%s runs, want %s or later", got, cancel.Before)
	}
}

// TestAllMissedFiresRunInTurn starts a planner five fires late.
func TestAllMissedFiresRunInTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := time.Now().Add(-20 * time.Second).Truncate(time.Second)
	def := everySecond(carillon.OverlapSkip, from)
	def.Schedule.Every *= 3
	def.CatchUp = carillon.CatchUp{Policy: carillon.CatchUpAll, Window: carillon.Duration(time.Hour), Max: 100}
	w.publish(def)
	defer w.start()()
	first := w.runs(def.ID)
	if first.Sub(from) >= 3*time.Second {
		t.Errorf("the first run is of %s", first)
	}
	for want := range 4 {
		if got := w.runs(def.ID); !got.Equal(first.Add(time.Duration(3*want) * time.Second)) {
			t.Fatalf("run %d is of %s, want %d s after %s", want, got, 3*want, first)
		}
		w.end(def.ID)
	}
}
