package execution

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/cancellation"
	"github.com/carillon-cron/carillon/services/runner/internal/verdict"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

func orderOf(run wire.Run, call wire.Call) cancellation.Order {
	return cancellation.Order{Run: run.ID, Cancel: wire.Cancel{JobID: call.JobID, At: time.Now(), Reason: "enough"}}
}

func connectFailure(context.Context) wire.Class { return wire.ClassConnect }

func TestACancelEndsAWaitInTheSlot(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	run, call := s.plan(twice)
	w := s.worker(&caller{}, 0)
	d, err := w.read(s.next())
	if err != nil {
		t.Fatal(err)
	}
	var leave func()
	d.work = t.Context()
	d.ctx, leave = s.cancelled.Enter(d.work, call.JobID, d.run)
	defer leave()
	ended := make(chan error, 1)
	go func() {
		ended <- w.wait(d, wire.Attempt{Number: 1}, verdict.Verdict{State: carillon.StateRetrying, Delay: time.Hour})
	}()
	s.states(1) // so it waits
	s.cancelled.Add(orderOf(run, call))
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := w.attempt(d); err != nil {
		t.Error(err)
	}
	if got := s.states(1); got[0] != carillon.StateCancelled {
		t.Errorf("states %v", got)
	}
}

// An order that comes while a run parks its retry finds it, whoever was first.
func TestACancelWhileARetryIsBeingParked(t *testing.T) {
	t.Parallel()
	for _, part := range []string{".attempted", ".retry."} {
		s, c := newStage(t), &caller{answer: connectFailure}
		run, call := s.plan(twice)
		w := s.worker(c, time.Hour)
		w.Outbox = &after{w.Outbox, part, func() {
			order := orderOf(run, call)
			s.cancelled.Add(order)
			if part == ".attempted" { // the search comes before there is anything to find
				if err := w.Withdraw(t.Context(), order); err != nil {
					t.Error(err)
				}
			}
		}}
		w.Handle(t.Context(), s.next())
		s.left(0)
		if got := s.states(2); got[0] != carillon.StateRetrying || got[1] != carillon.StateCancelled {
			t.Errorf("order after %s: states %v", part, got)
		}
		if c.calls.Load() != 1 {
			t.Errorf("order after %s: %d calls", part, c.calls.Load())
		}
	}
}

// after does something when a message has been published whose subject has a
// certain part.
type after struct {
	Outbox
	part string
	do   func()
}

func (a *after) Publish(ctx context.Context, msg *nats.Msg) error {
	err := a.Outbox.Publish(ctx, msg)
	if strings.Contains(msg.Subject, a.part) {
		a.do()
	}
	return err
}

// stuck is a shelf from which nothing can be removed, like that of a runner
// which dies before it can.
type stuck struct{ Retries }

var errStuck = errors.New("stuck")

func (stuck) Remove(context.Context, string) error { return errStuck }

func TestARetryThatCouldNotBeRemovedIsNotCalled(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{answer: connectFailure}
	run, call := s.plan(twice)
	w := s.worker(c, time.Second)
	w.Handle(t.Context(), s.next())
	s.left(1)
	order := orderOf(run, call)
	s.cancelled.Add(order)
	w.Retries = stuck{w.Retries}
	if err := w.Withdraw(t.Context(), order); !errors.Is(err, errStuck) {
		t.Errorf("withdrawn: %v", err)
	}
	s.worker(c, 0).Handle(t.Context(), s.next()) // the retry is due
	s.left(0)
	if got := s.states(3); got[0] != carillon.StateRetrying || got[1] != carillon.StateCancelled || got[2] != carillon.StateCancelled {
		t.Errorf("states %v", got)
	}
	if c.calls.Load() != 1 {
		t.Errorf("%d calls, want 1", c.calls.Load())
	}
}

// The original of a parked retry comes back: its acknowledgement was lost.
func TestACancelledRunThatComesBackTakesItsRetryAlong(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{answer: connectFailure}
	run, call := s.plan(twice)
	s.worker(c, time.Hour).Handle(t.Context(), unheard(s.next()))
	s.left(2)
	s.cancelled.Add(orderOf(run, call))
	s.worker(c, time.Hour).Handle(t.Context(), s.next())
	s.left(0)
	if got := s.states(2); got[1] != carillon.StateCancelled || c.calls.Load() != 1 {
		t.Errorf("states %v, %d calls", got, c.calls.Load())
	}
}

func TestALostAcknowledgementOfACancelIsNoSecondOne(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{}
	run, call := s.plan(twice)
	s.cancelled.Add(orderOf(run, call))
	w := s.worker(c, 0)
	w.Handle(t.Context(), unheard(s.next()))
	s.left(1)
	w.Handle(t.Context(), s.next())
	s.left(0)
	if got := s.states(1); got[0] != carillon.StateCancelled || c.calls.Load() != 0 {
		t.Errorf("states %v, %d calls", got, c.calls.Load())
	}
	if _, err := s.outcomes.NextMsg(50 * time.Millisecond); err == nil {
		t.Error("it was recorded again")
	}
}

func TestAnEndThatCameBeforeTheCancelCounts(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	run, call := s.plan(carillon.Retry{MaxAttempts: 1})
	for _, class := range []wire.Class{"", wire.ClassConnect} {
		c := &caller{answer: func(context.Context) wire.Class {
			s.cancelled.Add(orderOf(run, call))
			return class
		}}
		s.worker(c, 0).Handle(t.Context(), s.next())
		want := carillon.StateSucceeded
		if class != "" {
			want = carillon.StateFailed
		}
		if got := s.states(1); got[0] != want {
			t.Errorf("states %v, want %s", got, want)
		}
		run, call = s.plan(carillon.Retry{MaxAttempts: 1})
	}
}

func TestAllParkedRetriesOfAJobAreWithdrawn(t *testing.T) {
	t.Parallel()
	const runs, later = 600, 3
	s, c := newStage(t), &caller{}
	call := wire.Call{JobID: carillon.NewJobID(), Namespace: "default", Queue: "default"}
	start := time.Now().UTC()
	for i := range runs + later {
		run := wire.Run{ID: carillon.NewJobID(), Attempt: 2, FireTime: start.Add(time.Duration(i) * time.Second)}
		d := &delivery{msg: &nats.Msg{Data: wire.Encode(call)}, run: run, call: &prepared{Call: &call}}
		if _, err := s.js.PublishMsgAsync(d.retry(start.Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.js.Publish(t.Context(), topology.Retry(call.JobID, "default", carillon.NewJobID()), []byte("{")); err != nil {
		t.Fatal(err)
	}
	s.left(runs + later + 1)
	order := cancellation.Order{Cancel: wire.Cancel{JobID: call.JobID, Before: start.Add(runs * time.Second), At: time.Now(), Reason: "enough"}}
	w, done := s.worker(c, 0), make(chan error, 2)
	for range 2 { // two runners find the same
		go func() { done <- w.Withdraw(t.Context(), order) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	s.left(later + 1)
}

// A herd of runs is cancelled while it is being called: each ends once, as one
// or the other, and nothing is left.
func TestCancelsRaceWithRuns(t *testing.T) {
	t.Parallel()
	const runs = 100 // what the stage delivers
	var n atomic.Int32
	s := newStage(t)
	c := &caller{answer: func(ctx context.Context) wire.Class {
		switch n.Add(1) % 3 {
		case 0:
			return ""
		case 1:
			return wire.ClassConnect
		}
		select {
		case <-ctx.Done():
			return wire.ClassInterrupted
		case <-time.After(5 * time.Millisecond):
			return ""
		}
	}}
	w, handled := s.worker(c, time.Hour), make(chan struct{}, runs)
	orders := make(chan cancellation.Order, runs)
	for range runs {
		orders <- orderOf(s.plan(carillon.Retry{MaxAttempts: 9}))
	}
	close(orders)
	for range runs {
		msg := s.next()
		go func() {
			w.Handle(t.Context(), msg)
			handled <- struct{}{}
		}()
	}
	for order := range orders {
		s.cancelled.Add(order)
		if err := w.Withdraw(t.Context(), order); err != nil {
			t.Error(err)
		}
	}
	for range runs {
		<-handled
	}
	s.left(0)
}
