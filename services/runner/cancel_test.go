package runner_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// order writes a value into the controls bucket.
func (s *stage) order(key string, value []byte) {
	s.Helper()
	bucket, err := s.js.KeyValue(s.Context(), topology.ControlsBucket)
	if err != nil {
		s.Fatal(err)
	}
	if _, err := bucket.Put(s.Context(), key, value); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) cancelRun(call wire.Call, run wire.Run) {
	s.Helper()
	s.order(topology.CancelRunKey(run.ID), wire.Encode(wire.Cancel{JobID: call.JobID, At: time.Now().UTC(), Reason: "cancelled by me"}))
}

func (s *stage) cancelJob(call wire.Call, before time.Time) {
	s.Helper()
	s.order(topology.CancelJobKey(call.JobID), wire.Encode(wire.Cancel{
		JobID: call.JobID, Before: before, At: time.Now().UTC(), Reason: "replaced by a later fire",
	}))
}

// cancelled waits for a run to end so, after some attempts.
func (s *stage) cancelled(run wire.Run, reason string, attempts int) {
	s.Helper()
	got := s.final(run)
	if got.State != carillon.StateCancelled || got.Reason != reason || got.Attempts != attempts || got.FinishedAt.IsZero() {
		s.Errorf("outcome %+v, want cancelled after %d attempts: %s", got, attempts, reason)
	}
}

// retried is a call that is tried again after an hour.
func (s *stage) retried(url string) wire.Call {
	call := s.call(url)
	call.Retry = carillon.Retry{MaxAttempts: 3, MinBackoff: carillon.Duration(time.Hour), MaxBackoff: carillon.Duration(time.Hour)}
	return call
}

func TestACancelReachesTheSocket(t *testing.T) {
	t.Parallel()
	s, closed := newStage(t), make(chan time.Time, 1)
	hanging := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		hang(w, r)
		closed <- time.Now()
	})
	s.define(defaultQueue(1))
	s.follow()
	s.start()
	call := s.retried(hanging.URL)
	run := s.plan(call)
	s.eventually(func() error { return called(hanging, 1) })
	asked := time.Now()
	s.cancelRun(call, run)
	if took := (<-closed).Sub(asked); took > time.Second {
		t.Errorf("the target saw the end after %s", took)
	}
	s.cancelled(run, "cancelled by me", 1)
	got := s.final(run)
	if a := got.Attempt; a == nil || a.Class != wire.ClassInterrupted || a.Error != "cancelled by me" {
		t.Errorf("attempt %+v", got.Attempt)
	}
	if next := s.final(s.plan(s.call(newTarget(t, nil).URL))); next.State != carillon.StateSucceeded {
		t.Errorf("the next run of a queue of 1: %+v", next)
	}
	s.empty()
	if hanging.calls() != 1 {
		t.Errorf("%d calls, want no second", hanging.calls())
	}
}

func TestAQueuedRunIsCancelledWithoutACall(t *testing.T) {
	t.Parallel()
	s, release := newStage(t), make(chan struct{})
	slow, target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release }), newTarget(t, nil)
	s.define(defaultQueue(1))
	s.follow()
	s.start()
	s.plan(s.call(slow.URL))
	s.eventually(func() error { return called(slow, 1) })
	call := s.call(target.URL)
	queued, wanted := s.plan(call), s.plan(call)
	s.cancelRun(call, queued)
	close(release)
	s.cancelled(queued, "cancelled by me", 0)
	if got := s.final(wanted); got.State != carillon.StateSucceeded {
		t.Errorf("another run of the job: %+v", got)
	}
	s.empty()
	if target.calls() != 1 {
		t.Errorf("%d calls, want that of the other run", target.calls())
	}
}

func TestAParkedRetryIsWithdrawn(t *testing.T) {
	t.Parallel()
	for name, cancel := range map[string]func(*stage, wire.Call, wire.Run){
		"a run": (*stage).cancelRun,
		"a job": func(s *stage, call wire.Call, run wire.Run) { s.cancelJob(call, run.FireTime.Add(time.Second)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, target := newStage(t), newTarget(t, fail)
			s.define(defaultQueue(1))
			s.follow()
			s.start()
			s.start()
			call := s.retried(target.URL)
			run, other := s.plan(call), s.plan(s.retried(target.URL))
			s.eventually(func() error { return events(s, run, 1) })
			s.eventually(func() error { return events(s, other, 1) })
			s.eventually(func() error { return s.left(2) })
			cancel(s, call, run)
			got := s.final(run)
			if got.State != carillon.StateCancelled || got.Attempts != 1 || got.StartedAt.IsZero() || got.Job != "nightly" {
				t.Errorf("outcome %+v", got)
			}
			s.eventually(func() error { return s.left(1) })
			s.free(call)
			if n := len(s.of(other.ID)); n != 1 {
				t.Errorf("%d events of another job's run, want 1", n)
			}
		})
	}
}

// left says whether the stream of runs holds n messages.
func (s *stage) left(n uint64) error {
	stream, err := s.js.Stream(s.Context(), topology.RunsStream)
	if err != nil {
		return err
	}
	if got := stream.CachedInfo().State.Msgs; got != n {
		return fmt.Errorf("%d messages in the stream, want %d", got, n)
	}
	return nil
}

// free makes sure that the overlap check lets a run of the job pass.
func (s *stage) free(call wire.Call) {
	s.Helper()
	_, err := s.js.Publish(s.Context(), topology.Ready(call.JobID, "nobody"), nil,
		jetstream.WithExpectLastSequenceForSubject(0, topology.InFlight(call.JobID)))
	if err != nil {
		s.Errorf("the job is not free: %v", err)
	}
}

func TestACancelOutlivesTheRunner(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.define(defaultQueue(1))
	s.follow()
	s.start()()
	call := s.call(target.URL)
	run := s.plan(call)
	s.cancelRun(call, run)
	s.start()
	s.cancelled(run, "cancelled by me", 0)
	s.empty()
	if target.calls() != 0 {
		t.Errorf("%d calls, want none", target.calls())
	}
}

func TestACancelOfAJobReachesAllRunners(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	target := newTarget(t, hang)
	s.define(defaultQueue(20))
	s.follow()
	s.start(func(c *config) { c.Slots = 5 })
	s.start(func(c *config) { c.Slots = 5 })
	call := s.call(target.URL)
	var runs []wire.Run
	for range 15 { // 5 of them wait
		runs = append(runs, s.plan(call))
	}
	s.eventually(func() error { return called(target, 10) })
	s.cancelJob(call, time.Now().UTC())
	for _, run := range runs {
		if got := s.final(run); got.State != carillon.StateCancelled || got.Reason != "replaced by a later fire" {
			t.Errorf("outcome %+v", got)
		}
	}
	s.empty()
	if target.calls() != 10 {
		t.Errorf("%d calls, want no more than were made", target.calls())
	}
}

func TestACancelOfAJobLeavesLaterRuns(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.define(defaultQueue(5))
	s.follow()
	call := s.call(target.URL)
	s.cancelJob(call, time.Now().UTC())
	s.start()
	later := s.plan(call)
	past := time.Now().UTC().Add(-time.Hour)
	backfilled := wire.Run{
		ID: carillon.NewRunID(call.JobID, carillon.KindBackfill, past), Kind: carillon.KindBackfill,
		FireTime: past, PlannedAt: time.Now().UTC(), Attempt: 1,
	}
	s.publishReady(topology.Ready(call.JobID, call.Queue), backfilled, wire.Encode(call), nil)
	for _, run := range []wire.Run{later, backfilled} {
		if got := s.final(run); got.State != carillon.StateSucceeded {
			t.Errorf("outcome %+v", got)
		}
	}
}

func TestACancelAfterTheEndChangesNothing(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.define(defaultQueue(1))
	s.follow()
	s.start()
	call := s.call(target.URL)
	run := s.plan(call)
	s.final(run)
	s.cancelRun(call, run)
	if got := s.final(s.plan(call)); got.State != carillon.StateSucceeded {
		t.Errorf("the next run: %+v", got)
	}
	if got := s.of(run.ID); len(got) != 1 || got[0].State != carillon.StateSucceeded {
		t.Errorf("events %+v", got)
	}
}

func TestASecondCancelChangesNothing(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, hang)
	s.define(defaultQueue(1))
	s.follow()
	s.start()
	call := s.retried(target.URL)
	run := s.plan(call)
	s.eventually(func() error { return called(target, 1) })
	s.cancelRun(call, run)
	s.cancelJob(call, time.Now().UTC())
	s.cancelRun(call, run)
	if got := s.final(run); got.State != carillon.StateCancelled {
		t.Errorf("outcome %+v", got)
	}
	s.empty()
	s.free(call)
}

func TestHostileOrdersAreIgnored(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, hang)
	s.define(defaultQueue(2))
	s.follow()
	call := s.call(target.URL)
	run := s.plan(call)
	body := wire.Encode(wire.Cancel{JobID: call.JobID, Before: time.Now().Add(time.Hour), At: time.Now(), Reason: "x"})
	id, other := run.ID.String(), carillon.NewJobID()
	for key, value := range map[string][]byte{
		"cancel.run." + strings.ToUpper(id):                  body,
		"cancel.run." + strings.ReplaceAll(id, "-", ""):      body,
		"cancel.run." + id + ".x":                            body,
		"cancel.run.x":                                       body,
		"cancel." + id:                                       body,
		id:                                                   body,
		topology.CancelRunKey([16]byte{}):                    body,
		topology.CancelJobKey(other):                         body, // names another job
		topology.CancelJobKey([16]byte{}):                    wire.Encode(wire.Cancel{Before: time.Now().Add(time.Hour), At: time.Now()}),
		topology.CancelRunKey(run.ID):                        []byte("{"),
		topology.CancelJobKey(call.JobID):                    wire.Encode(wire.Cancel{JobID: call.JobID, Reason: "at no time"}),
		topology.CancelRunKey(carillon.NewJobID()):           wire.Encode(wire.Cancel{Reason: "of no job"}),
		topology.CancelRunKey(carillon.NewJobID()) + "/more": []byte(strings.Repeat("[", 100_000)),
	} {
		s.order(key, value)
	}
	s.start()
	s.eventually(func() error { return called(target, 1) })
	s.cancelRun(call, run)
	s.cancelled(run, "cancelled by me", 1)
}

func TestACancelAfterAnOutageOfNATS(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	server, err := natsserver.Start(natsserver.Config{Dir: folder, Port: -1})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, server.URL())
	hanging, failing := newTarget(t, hang), newTarget(t, fail)
	s.define(defaultQueue(3))
	s.follow()
	ended := make(chan error, 1)
	ctx, stop := cancelable(t)
	go func() { ended <- runner.Run(ctx, settings(s), service.NewHealth()) }()
	call, parkedCall := s.call(hanging.URL), s.retried(failing.URL)
	call.Target.Timeout = carillon.Duration(time.Hour)
	run, parked := s.plan(call), s.plan(parkedCall)
	s.eventually(func() error { return called(hanging, 1) })
	s.eventually(func() error { return events(s, parked, 1) })

	port := portOf(t, server.URL())
	server.Stop()
	server, err = natsserver.Start(natsserver.Config{Dir: folder, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	s.eventually(func() error { return s.nc.Flush() })
	asked := time.Now()
	s.cancelRun(call, run)
	s.cancelRun(parkedCall, parked)
	s.eventually(func() error { return s.recorded(run) })
	s.eventually(func() error { return s.recorded(parked) })
	t.Logf("both ended %s after the order", time.Since(asked))
	s.empty()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if hanging.calls() != 1 || failing.calls() != 1 {
		t.Errorf("%d and %d calls, want 1 of each", hanging.calls(), failing.calls())
	}
}
