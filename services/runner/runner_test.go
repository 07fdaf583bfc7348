package runner_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
)

func defaultQueue(concurrency int) carillon.Queue {
	return carillon.Queue{Name: "default", Concurrency: concurrency, Weight: 1}
}

func TestARunEndsAsOneOutcome(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "thanks") })
	s.define(defaultQueue(5))
	s.follow()
	run := s.plan(s.call(target.URL))
	s.start()
	got := s.final(run)
	if got.State != carillon.StateSucceeded || got.Reason != "" || got.Attempts != 1 || got.Job != "nightly" || got.Kind != carillon.KindSchedule {
		t.Errorf("outcome %+v", got)
	}
	if a := got.Attempt; a == nil || a.Status != 200 || a.Response != "thanks" || a.Class != "" || !got.FinishedAt.Equal(a.FinishedAt) || got.StartedAt.IsZero() {
		t.Errorf("attempt %+v", got.Attempt)
	}
	if n := len(s.of(run.ID)); n != 1 {
		t.Errorf("%d events for a short run, want 1", n)
	}
	trace := target.header("Traceparent")[0]
	if want := "00-" + strings.ReplaceAll(run.ID.String(), "-", ""); !strings.HasPrefix(trace, want) || !strings.HasSuffix(trace, "-00") {
		t.Errorf("traceparent %s, want it to begin with %s", trace, want)
	}
	s.empty()
}

func TestConcurrencyHoldsOverRunners(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-time.After(2 * time.Millisecond) })
	s.define(defaultQueue(5))
	ended := s.countOutcomes(300)
	s.start()
	s.start()
	call := s.call(target.URL)
	for range 300 {
		s.plan(call)
	}
	<-ended
	s.empty()
	if target.most > 5 || target.most < 4 || target.calls() != 300 {
		t.Errorf("%d calls, at most %d at once; want 300, and 5 of a queue of 5", target.calls(), target.most)
	}
}

func TestALastingRunTellsThatItStarted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-time.After(400 * time.Millisecond) })
	s.define(defaultQueue(5))
	s.follow()
	s.start()
	run := s.plan(s.call(target.URL))
	s.final(run)
	events := s.of(run.ID)
	if len(events) != 2 || events[0].State != carillon.StateRunning || events[0].StartedAt.IsZero() || events[0].Attempts != 1 {
		t.Errorf("events %+v, want running and succeeded", events)
	}
}

func TestAFailedCallIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var calls atomic.Int32
	target := newTarget(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < 4 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	s.define(defaultQueue(5))
	s.follow()
	call := s.call(target.URL)
	call.Retry = carillon.Retry{MaxAttempts: 5, MinBackoff: carillon.Duration(400 * time.Millisecond), MaxBackoff: carillon.Duration(800 * time.Millisecond)}
	s.start()
	run := s.plan(call)
	got := s.final(run)
	events := s.of(run.ID)
	if got.State != carillon.StateSucceeded || got.Attempts != 4 || len(events) != 4 {
		t.Fatalf("%d events, the last %+v", len(events), got)
	}
	for i, event := range events[:3] {
		if event.State != carillon.StateRetrying || event.Attempt.Number != i+1 || event.Attempt.Class != wire.ClassStatus || event.Attempt.Status != 502 {
			t.Errorf("event %d: %+v", i, event)
		}
		if !event.StartedAt.Equal(got.StartedAt) {
			t.Errorf("started at %s after attempt %d, then %s", event.StartedAt, i+1, got.StartedAt)
		}
	}
	if keys := target.header("Idempotency-Key"); len(slices.Compact(keys)) != 1 {
		t.Errorf("keys %v, want one", keys)
	}
	if attempts := target.header("Carillon-Attempt"); !slices.Equal(attempts, []string{"1", "2", "3", "4"}) {
		t.Errorf("attempts %v", attempts)
	}
	s.empty()
}

func TestExhaustedAttemptsFail(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, fail)
	s.define(defaultQueue(5))
	s.follow()
	call := s.call(target.URL)
	call.Retry = carillon.Retry{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1}
	s.start()
	got := s.final(s.plan(call))
	if got.State != carillon.StateFailed || got.Attempts != 2 || got.Reason != "attempt 2 of 2: the target answered 500 Internal Server Error" {
		t.Errorf("outcome %+v", got)
	}
}

func TestAWaitingRetryHoldsNoSlot(t *testing.T) {
	t.Parallel()
	s, bad, good := newStage(t), newTarget(t, fail), newTarget(t, nil)
	s.define(defaultQueue(1))
	s.follow()
	s.start()
	failing := s.call(bad.URL)
	failing.Retry = carillon.Retry{MaxAttempts: 2, MinBackoff: carillon.Duration(time.Hour), MaxBackoff: carillon.Duration(time.Hour)}
	parked := s.plan(failing)
	s.eventually(func() error { return events(s, parked, 1) })
	if got := s.final(s.plan(s.call(good.URL))); got.State != carillon.StateSucceeded {
		t.Errorf("the next run of a queue of 1: %+v", got)
	}
	stream, err := s.js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Retry(failing.JobID, "default", parked.ID))
	if err != nil {
		t.Fatal(err)
	}
	run, headerErr := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
	call, bodyErr := wire.Decode[wire.Call](msg.Data)
	err = errors.Join(headerErr, bodyErr)
	if err != nil || run.ID != parked.ID || run.Attempt != 2 || call.JobID != failing.JobID {
		t.Errorf("parked %+v of %+v, %v", run, call, err)
	}
}

func events(s *stage, run wire.Run, want int) error {
	if got := len(s.of(run.ID)); got < want {
		return fmt.Errorf("%d events, want %d", got, want)
	}
	return nil
}

func TestADeadTargetHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	s, dead, good := newStage(t), newTarget(t, hang), newTarget(t, nil)
	s.define(defaultQueue(4))
	s.define(carillon.Queue{Name: "other", Concurrency: 1, Weight: 1})
	s.follow()
	s.start()
	hanging := s.call(dead.URL)
	hanging.Target.Timeout = carillon.Duration(300 * time.Millisecond)
	hanging.Retry = carillon.Retry{MaxAttempts: 2, MinBackoff: carillon.Duration(time.Hour), MaxBackoff: carillon.Duration(time.Hour)}
	fine, elsewhere := s.call(good.URL), s.call(good.URL)
	elsewhere.Queue = "other"
	var runs []wire.Run
	for range 20 {
		s.plan(hanging)
		runs = append(runs, s.plan(fine), s.plan(elsewhere))
	}
	for _, run := range runs {
		if got := s.final(run); got.State != carillon.StateSucceeded {
			t.Errorf("a good run: %+v", got)
		}
	}
}

func TestABlockedAddressIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.define(defaultQueue(5))
	s.follow()
	call := s.call(target.URL)
	call.Retry.MaxAttempts = 9
	s.start(func(c *config) { c.AllowTargets = nil })
	got := s.final(s.plan(call))
	if got.State != carillon.StateFailed || got.Attempt.Class != wire.ClassBlocked || !strings.Contains(got.Reason, "CARILLON_ALLOW_TARGETS") || target.calls() != 0 {
		t.Errorf("outcome %+v, %d calls", got, target.calls())
	}
}

func TestCallsBeyondTheGraceAreHandedOn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var calls atomic.Int32
	target := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			hang(w, r)
		}
	})
	s.define(defaultQueue(1))
	s.follow()
	stop := s.start(func(c *config) { c.Grace = time.Millisecond })
	run := s.plan(s.call(target.URL))
	s.eventually(func() error { return called(target, 1) })
	stop()
	begin := time.Now()
	s.start()
	if got := s.final(run); got.State != carillon.StateSucceeded || got.Attempts != 1 {
		t.Errorf("outcome %+v", got)
	}
	if waited := time.Since(begin); waited > topology.AckWait/2 {
		t.Errorf("the next runner had it only after %s", waited)
	}
	if keys := target.header("Idempotency-Key"); len(keys) != 2 || keys[0] != keys[1] {
		t.Errorf("keys %v, want the same twice", keys)
	}
}

func called(t *target, want int) error {
	if got := t.calls(); got < want {
		return fmt.Errorf("%d calls, want %d", got, want)
	}
	return nil
}

func TestCallsWithinTheGraceEnd(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-time.After(300 * time.Millisecond) })
	s.define(defaultQueue(3))
	s.follow()
	stop := s.start()
	runs := []wire.Run{s.plan(s.call(target.URL)), s.plan(s.call(target.URL)), s.plan(s.call(target.URL))}
	s.eventually(func() error { return called(target, 3) })
	stop()
	for _, run := range runs {
		if got := s.final(run); got.State != carillon.StateSucceeded {
			t.Errorf("outcome %+v", got)
		}
	}
	s.empty()
}

// TestARunnerThatStopsLeavesTheRestToOthers has one that may call only its first
// target: whatever else it took would fail.
func TestARunnerThatStopsLeavesTheRestToOthers(t *testing.T) {
	t.Parallel()
	s, release, stopped := newStage(t), make(chan struct{}), make(chan struct{})
	slow, quick := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release }), newTarget(t, nil)
	s.define(defaultQueue(5))
	s.follow()
	stop := s.start(func(c *config) { c.AllowTargets = allow(s, strings.TrimPrefix(slow.URL, "http://")) })
	inHand := []wire.Run{s.plan(s.call(slow.URL)), s.plan(s.call(slow.URL))}
	s.eventually(func() error { return called(slow, 2) })
	go func() { defer close(stopped); stop() }()
	s.eventually(s.nobodyAsks)
	s.start()
	for range 8 {
		if got := s.final(s.plan(s.call(quick.URL))); got.State != carillon.StateSucceeded {
			t.Errorf("outcome %+v", got)
		}
	}
	close(release)
	<-stopped
	for _, run := range inHand {
		if got := s.final(run); got.State != carillon.StateSucceeded {
			t.Errorf("outcome of what was in hand %+v", got)
		}
	}
	s.empty()
	if slow.calls() != 2 || quick.calls() != 8 {
		t.Errorf("%d and %d calls", slow.calls(), quick.calls())
	}
}

// nobodyAsks reports whether no runner waits for runs of the default queue.
func (s *stage) nobodyAsks() error {
	consumer, err := s.js.Consumer(s.Context(), topology.RunsStream, topology.QueueConsumerName("default"))
	if err == nil && consumer.CachedInfo().NumWaiting > 0 {
		err = fmt.Errorf("%d requests wait", consumer.CachedInfo().NumWaiting)
	}
	return err
}

// A runner that dies says nothing: the message comes back after the ack wait.
func TestARunOfADeadRunnerIsCalledAgain(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.define(defaultQueue(1))
	s.follow()
	run := s.plan(s.call(target.URL))
	s.take(1, func(jetstream.Msg) {})
	s.start()
	if got := s.final(run); got.State != carillon.StateSucceeded || target.calls() != 1 {
		t.Errorf("outcome %+v, %d calls", got, target.calls())
	}
}

func TestAPoisonousRunIsLost(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.define(defaultQueue(1))
	s.follow()
	run := s.plan(s.call(target.URL))
	s.take(4, func(msg jetstream.Msg) { _ = msg.Nak() })
	s.start()
	got := s.final(run)
	if got.State != carillon.StateLost || got.Attempt.Class != wire.ClassInterrupted || !strings.Contains(got.Reason, "delivery 5") || target.calls() != 0 {
		t.Errorf("outcome %+v, %d calls", got, target.calls())
	}
	s.empty()
}

// take plays a runner: it gets n deliveries of the default queue.
func (s *stage) take(n int, answer func(jetstream.Msg)) {
	s.Helper()
	queue := topology.QueueConsumer(defaultQueue(1))
	consumer, err := s.js.CreateOrUpdateConsumer(s.Context(), topology.RunsStream, queue)
	if err != nil {
		s.Fatal(err)
	}
	for range n {
		msg, err := consumer.Next(jetstream.FetchMaxWait(10 * time.Second))
		if err != nil {
			s.Fatal(err)
		}
		answer(msg)
	}
}

func TestMalformedRunsAreRemoved(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.define(defaultQueue(1))
	s.follow()
	call := s.call(target.URL)
	ready, run := topology.Ready(call.JobID, "default"), wire.Run{ID: carillon.NewJobID(), Attempt: 1}
	faulty := call
	faulty.Namespace = "a.b"
	s.publish(ready, wire.Encode(call)) // no run
	s.publishReady(ready, run, []byte("{"), nil)
	s.publishReady(ready, wire.Run{Attempt: 1}, wire.Encode(call), nil)
	s.publishReady(ready, run, wire.Encode(faulty), nil)
	fine := s.plan(call)
	s.start()
	s.final(fine)
	s.empty()
	if target.calls() != 1 || len(s.outcomes) != 1 {
		t.Errorf("%d calls and %d outcomes, want 1 of each", target.calls(), len(s.outcomes))
	}
}

func TestSkipsAreForwarded(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.follow()
	call := s.call("http://example.com")
	var runs []wire.Run
	for i := range 50 {
		run := wire.Run{ID: carillon.NewRunID(call.JobID, carillon.KindSchedule, time.Unix(int64(i), 0)), FireTime: time.Unix(int64(i), 0).UTC()}
		outcome := wire.NewOutcome(run, call, carillon.StateSkipped)
		outcome.Reason = "still running"
		s.publish(topology.Skip(call.JobID), wire.Encode(outcome))
		runs = append(runs, run)
	}
	s.publish(topology.Skip(call.JobID), []byte(`{"job_id": 7}`))
	s.publish(topology.Skip(call.JobID), []byte(`{"job_id": "`+call.JobID.String()+`", "namespace": "a b"}`))
	s.start()
	for _, run := range runs {
		if got := s.final(run); got.State != carillon.StateSkipped || got.Reason != "still running" || !got.FireTime.Equal(run.FireTime) {
			t.Errorf("outcome %+v", got)
		}
	}
	s.empty()
}

func TestATraceIsCarriedOn(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, fail)
	s.define(defaultQueue(1))
	s.follow()
	call := s.call(target.URL)
	call.Retry = carillon.Retry{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1}
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 1, Kind: carillon.KindManual}
	s.publishReady(topology.Ready(call.JobID, "default"), run, wire.Encode(call), nats.Header{"traceparent": {parent}})
	s.start()
	s.final(run)
	for _, header := range s.headers {
		if header.Get("traceparent") != parent {
			t.Errorf("outcome with trace %q, want %q", header.Get("traceparent"), parent)
		}
	}
	for _, got := range target.header("Traceparent") {
		if got != parent {
			t.Errorf("called with trace %q, want %q", got, parent)
		}
	}
}

func TestRunOutlivesNATS(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	server, err := natsserver.Start(natsserver.Config{Dir: folder, Port: -1})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, server.URL())
	release := make(chan struct{})
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release })
	s.define(defaultQueue(3))
	health := service.NewHealth()
	ended := make(chan error, 1)
	ctx, stop := cancelable(t)
	go func() { ended <- runner.Run(ctx, settings(s), health) }()
	during := s.plan(s.call(target.URL))
	s.eventually(func() error { return called(target, 1) })

	port := portOf(t, server.URL())
	server.Stop()
	close(release)
	s.eventually(func() error { return says(health, "nats: disconnected") })
	server, err = natsserver.Start(natsserver.Config{Dir: folder, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	s.eventually(func() error { return s.nc.Flush() })
	s.eventually(func() error { return s.recorded(during) })
	s.follow()
	if got := s.final(s.plan(s.call(target.URL))); got.State != carillon.StateSucceeded {
		t.Errorf("a run after the outage: %+v", got)
	}
	s.empty()
	if target.calls() != 2 {
		t.Errorf("%d calls, want one for each run", target.calls())
	}
	s.eventually(func() error { return ready(health) })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRunWaitsForNATS(t *testing.T) {
	t.Parallel()
	health, ended := service.NewHealth(), make(chan error, 1)
	ctx, stop := cancelable(t)
	away := config{NATS: bus.Config{URL: "nats://127.0.0.1:1", Replicas: 1}, Slots: 1, HostConnections: 1}
	go func() { ended <- runner.Run(ctx, away, health) }()
	s := &stage{TB: t}
	s.eventually(func() error { return says(health, "nats: connecting") })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("CARILLON_ALLOW_TARGETS", "10.0.0.0/8,127.0.0.1:8080")
	var loaded config
	if err := service.Load(&loaded); err != nil {
		t.Fatal(err)
	}
	if loaded.Slots != 512 || loaded.Grace != 20*time.Second || len(loaded.AllowTargets) != 2 {
		t.Errorf("settings %+v", loaded)
	}
	t.Setenv("CARILLON_ALLOW_TARGETS", "localhost")
	if err := service.Load(&loaded); err == nil || !strings.Contains(err.Error(), "localhost") {
		t.Errorf("a bad allowed target: %v", err)
	}
	if err := runner.Run(t.Context(), config{}, nil); err == nil || !strings.Contains(err.Error(), "CARILLON_SLOTS") {
		t.Errorf("no slots: %v", err)
	}
}

func TestStartAndStopLeavesNothing(t *testing.T) {
	s := open(t, subprocess(t, "nats", t.TempDir()))
	s.define(defaultQueue(3))
	target := newTarget(t, nil)
	call := s.call(target.URL)
	s.follow()
	s.plan(call)
	s.eventually(func() error { return s.nc.Flush() })
	before := goleak.IgnoreCurrent()
	for i := range 50 {
		stop := s.start()
		if i%10 == 0 {
			s.final(s.plan(call))
		}
		stop()
	}
	target.CloseClientConnections()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}
