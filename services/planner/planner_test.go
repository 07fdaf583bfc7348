package planner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
)

// world is a NATS server with Carillon's streams, and a way to look into RUNS.
type world struct {
	t      *testing.T
	server *natstest.Server
	config planner.Config
	js     jetstream.JetStream
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := natstest.Start(t)
	return &world{t: t, server: server, config: planner.Config{NATS: server.Config()}, js: server.Streams()}
}

// start runs a planner until the returned function is called.
func (w *world) start() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- planner.Run(ctx, w.config, nil) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("planner: %v", err)
		}
	}
}

func (w *world) publish(def wire.Definition) {
	w.t.Helper()
	if _, err := w.js.Publish(w.t.Context(), topology.Job(def.ID), wire.Encode(def)); err != nil {
		w.t.Fatal(err)
	}
}

// messages returns everything in RUNS on subjects that match a filter.
func (w *world) messages(filter string) []*jetstream.RawStreamMsg {
	w.t.Helper()
	stream, err := w.js.Stream(w.t.Context(), topology.RunsStream)
	if err != nil {
		w.t.Fatal(err)
	}
	var found []*jetstream.RawStreamMsg
	for seq := uint64(1); ; {
		msg, err := stream.GetMsg(w.t.Context(), seq, jetstream.WithGetMsgSubject(filter))
		if err != nil {
			return found
		}
		found = append(found, msg)
		seq = msg.Sequence + 1
	}
}

func everySecond(overlap carillon.Overlap, from time.Time) wire.Definition {
	doc := carillon.Document{
		Name: "tick", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)},
		Target: carillon.Target{URL: "http://example.com"}, Overlap: overlap,
	}
	return wire.Definition{Job: carillon.Job{
		ID: carillon.NewJobID(), Revision: 1, EffectiveFrom: from, Document: doc.WithDefaults(),
	}}
}

func (w *world) fires(job uuid.UUID) map[time.Time]int {
	found := map[time.Time]int{}
	for _, msg := range w.messages(topology.InFlight(job)) {
		run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
		if err != nil {
			w.t.Fatal(err)
		}
		found[run.FireTime]++
	}
	return found
}

func TestEveryFireIsPlannedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	from := time.Now().Truncate(time.Second)
	def := everySecond(carillon.OverlapAllow, from)
	w.publish(def)
	eventually.Succeeds(t, func() error {
		if n := len(w.fires(def.ID)); n < 4 {
			return fmt.Errorf("%d fires", n)
		}
		return nil
	})
	stop()
	fires := w.fires(def.ID)
	for at, i := from, 0; i < len(fires); at, i = at.Add(time.Second), i+1 {
		if fires[at.UTC()] != 1 {
			t.Errorf("fire %s planned %d times", at, fires[at.UTC()])
		}
	}
}

func TestOverlapIsCheckedByTheStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.start()()
	busy, free := everySecond(carillon.OverlapSkip, time.Now()), everySecond(carillon.OverlapAllow, time.Now())
	w.publish(busy)
	w.publish(free)
	eventually.Succeeds(t, func() error { // nobody takes the runs away, so the first one stays in flight
		if n := len(w.messages(topology.Skip(busy.ID))); n < 2 {
			return fmt.Errorf("%d fires skipped", n)
		}
		return nil
	})
	if n := len(w.fires(busy.ID)); n != 1 {
		t.Errorf("%d runs of a job that may not overlap itself", n)
	}
	if n := len(w.messages(topology.Skip(free.ID))); n != 0 {
		t.Errorf("%d fires of a job that may overlap itself were skipped", n)
	}
	var outcome wire.Outcome
	if err := json.Unmarshal(w.messages(topology.Skip(busy.ID))[0].Data, &outcome); err != nil {
		t.Fatal(err)
	}
	if outcome.State != carillon.StateSkipped || outcome.Reason == "" || outcome.RunID != carillon.NewRunID(busy.ID, carillon.KindSchedule, outcome.FireTime) {
		t.Errorf("skip is recorded as %+v", outcome)
	}
}

func TestAStoppedPlannersFiresAreCaughtUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	def := everySecond(carillon.OverlapAllow, time.Now().Add(-10*time.Second).Truncate(time.Second))
	def.CatchUp.Policy = carillon.CatchUpSkip
	w.publish(def)
	stop := w.start()
	eventually.Succeeds(t, func() error {
		if n := len(w.messages(topology.Skip(def.ID))); n < 5 {
			return fmt.Errorf("%d fires missed", n)
		}
		if n := len(w.fires(def.ID)); n < 5 {
			return fmt.Errorf("%d fires run", n)
		}
		return nil
	})
	stop()
	stop = w.start() // goes on from the mark: nothing twice
	eventually.Succeeds(t, func() error {
		for _, n := range w.fires(def.ID) {
			if n != 1 {
				t.Fatal("a fire was planned twice over a restart")
			}
		}
		if n := len(w.fires(def.ID)); n < 8 {
			return fmt.Errorf("%d fires run", n)
		}
		return nil
	})
	stop()
}

// TestTwoPlannersShare starts and stops planners over the same jobs: at every
// moment each fire is planned by exactly one of them.
func TestTwoPlannersShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := time.Now().Truncate(time.Second)
	var defs []wire.Definition
	for range 50 {
		def := everySecond(carillon.OverlapAllow, from)
		defs = append(defs, def)
		w.publish(def)
	}
	planned := func(until time.Time) func() error {
		return func() error {
			for _, def := range defs {
				fires := w.fires(def.ID)
				for at := from.UTC(); at.Before(until); at = at.Add(time.Second) {
					switch fires[at] {
					case 0:
						return fmt.Errorf("fire %s of %s not planned", at, def.ID)
					case 1:
					default:
						t.Fatalf("fire %s planned %d times", at, fires[at])
					}
				}
			}
			return nil
		}
	}
	stopFirst := w.start()
	eventually.Succeeds(t, planned(from.Add(2*time.Second)))
	stopSecond := w.start()
	eventually.Succeeds(t, planned(from.Add(5*time.Second)))
	stopFirst()
	eventually.Succeeds(t, planned(from.Add(7*time.Second)))
	stopSecond()
}

func TestStartAndStop(t *testing.T) {
	w := newWorld(t)
	running := goleak.IgnoreCurrent()
	for range 50 {
		w.start()()
	}
	goleak.VerifyNone(t, running)
}

func TestAPlannerWaitsForItsServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	health := service.NewHealth()
	ended := make(chan error, 1)
	config := planner.Config{NATS: bus.Config{URL: "nats://127.0.0.1:1", Replicas: 1}}
	go func() { ended <- planner.Run(ctx, config, health) }()
	eventually.Succeeds(t, func() error {
		if problems := health.Problems(); len(problems) == 0 || problems[0] == "starting" {
			return fmt.Errorf("health %v", problems)
		}
		return nil
	})
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("planner: %v", err)
	}
}

// TestPlanningOutlivesTheServer stops NATS under a planner for longer than a
// lease, starts it again on the same store, and looks for gaps and repeats.
func TestPlanningOutlivesTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.start()()
	from := time.Now().Truncate(time.Second)
	def := everySecond(carillon.OverlapAllow, from)
	def.CatchUp.Policy = carillon.CatchUpAll
	w.publish(def)
	atLeast := func(n int) func() error {
		return func() error {
			if found := len(w.fires(def.ID)); found < n {
				return fmt.Errorf("%d fires planned, want %d", found, n)
			}
			return nil
		}
	}
	eventually.Succeeds(t, atLeast(2))
	w.server.Stop()
	<-time.After(2 * topology.LeaseTTL)
	w.server.Restart()
	eventually.Succeeds(t, func() error { // this test's own connection is back
		_, err := w.js.Stream(t.Context(), topology.RunsStream)
		return err
	})
	missed := int(time.Since(from) / time.Second)
	eventually.Succeeds(t, atLeast(missed+2))
	fires := w.fires(def.ID)
	for i := range len(fires) {
		if at := from.Add(time.Duration(i) * time.Second).UTC(); fires[at] != 1 {
			t.Errorf("fire %s planned %d times", at, fires[at])
		}
	}
}

// TestAChangeWhileNoPlannerRuns edits and deletes jobs between two planners that
// know nothing of each other: each revision's fires have their runs or rows.
func TestAChangeWhileNoPlannerRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := time.Now().Add(-20 * time.Second).Truncate(time.Second)
	def := everySecond(carillon.OverlapAllow, from)
	def.CatchUp.Policy = carillon.CatchUpAll
	deleted := def
	deleted.ID, deleted.Revision = carillon.NewJobID(), 1
	w.publish(def)
	w.publish(deleted)
	def.Revision, def.EffectiveFrom = 2, from.Add(5*time.Second)
	def.Schedule.Every = schedule.Duration(2 * time.Second)
	deleted.Revision, deleted.EffectiveFrom, deleted.Deleted = 2, from.Add(5*time.Second), true
	w.publish(def)
	w.publish(deleted)
	defer w.start()()
	eventually.Succeeds(t, func() error { // in partitions that are taken over one by one
		if n, before := len(w.fires(def.ID)), len(w.fires(deleted.ID)); n < 13 || before < 5 {
			return fmt.Errorf("%d fires, and %d before the deletion", n, before)
		}
		return nil
	})
	fires := w.fires(def.ID)
	for second := range 20 {
		at := from.Add(time.Duration(second) * time.Second).UTC()
		want := 0
		if second < 5 || at.Unix()%2 == 0 {
			want = 1
		}
		if fires[at] != want {
			t.Errorf("fire %s planned %d times, want %d", at, fires[at], want)
		}
	}
	if n := len(w.fires(deleted.ID)); n != 5 {
		t.Errorf("the deleted job has %d runs, want the 5 before its deletion", n)
	}
}

// TestADeletedJobLeavesItsDeletion looks at what JOBS keeps of a job that was
// deleted long ago.
func TestADeletedJobLeavesItsDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := everySecond(carillon.OverlapAllow, time.Now().Add(-49*time.Hour).Truncate(time.Second))
	old.CatchUp.Policy = carillon.CatchUpSkip
	w.publish(old)
	old.Revision, old.Deleted, old.EffectiveFrom = 2, true, old.EffectiveFrom.Add(time.Second)
	w.publish(old)
	defer w.start()()
	w.publish(everySecond(carillon.OverlapAllow, time.Now()))
	eventually.Succeeds(t, func() error {
		stream, err := w.js.Stream(t.Context(), topology.JobsStream)
		if err != nil {
			return err
		}
		info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(topology.Job(old.ID)))
		if err != nil || info.State.Subjects[topology.Job(old.ID)] != 1 {
			return fmt.Errorf("JOBS holds %v, %v", info.State.Subjects, err)
		}
		msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Job(old.ID))
		if err != nil {
			return err
		}
		last, err := wire.Decode[wire.Definition](msg.Data)
		if err != nil || !last.Deleted || last.Revision != 2 || last.ID != old.ID {
			return fmt.Errorf("%+v, %v", last, err)
		}
		return nil
	})
}
