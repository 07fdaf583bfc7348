package execution

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/services/runner/internal/cooldown"
	"github.com/carillon-cron/carillon/services/runner/internal/gate"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

// holding is a worker that must not call a host for a while.
func (s *stage) holding(c Target, call wire.Call, wait time.Duration) *Worker {
	s.Helper()
	target, err := url.Parse(call.Target.URL)
	if err != nil {
		s.Fatal(err)
	}
	cooldowns, w := cooldown.NewSet(), s.worker(c, 0)
	cooldowns.Extend(target.Host, time.Now().Add(wait), time.Now())
	w.Gate = gate.New(cooldowns, func(string, time.Time) {}, backoff.Full)
	return w
}

// planWithDeadline plans a run that was planned a while ago.
func (s *stage) planWithDeadline(deadline, ago time.Duration, redelivered int) wire.Call {
	s.Helper()
	call := wire.Call{JobID: carillon.NewJobID(), Namespace: "default", Queue: "default", Retry: twice, Deadline: carillon.Duration(deadline)}
	call.Target.URL = "http://" + call.JobID.String()
	s.publish(call, wire.Run{ID: carillon.NewJobID(), Attempt: 1, PlannedAt: time.Now().Add(-ago), Redelivered: redelivered})
	return call
}

func TestADeadlineEndsAHold(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{}
	call := s.planWithDeadline(time.Second, 0, 0)
	w := s.holding(c, call, time.Hour)
	for range 2 {
		if w.Handle(t.Context(), s.next()) {
			t.Error("it says that it made a call")
		}
	}
	if got := s.states(2); got[0] != carillon.StateQueued || got[1] != carillon.StateExpired || c.calls.Load() != 0 {
		t.Errorf("states %v, %d calls", got, c.calls.Load())
	}
	s.left(0)
}

// The first delivery may have been called, by a runner that died.
func TestWhatMayHaveBeenCalledDoesNotExpireAfterAHold(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{}
	call := s.planWithDeadline(time.Minute, time.Hour, 0)
	if err := s.next().Nak(); err != nil {
		t.Fatal(err)
	}
	s.holding(c, call, 10*time.Millisecond).Handle(t.Context(), s.next())
	again := s.next()
	run, err := wire.Decode[wire.Run]([]byte(again.Header.Get(wire.RunHeader)))
	if err != nil || run.Holds != 1 || run.Redelivered != 1 {
		t.Errorf("comes back as %+v, %v", run, err)
	}
	if !s.worker(c, 0).Handle(t.Context(), again) {
		t.Error("it says that it made no call")
	}
	if got := s.states(1); got[0] != carillon.StateSucceeded || c.calls.Load() != 1 {
		t.Errorf("states %v, %d calls", got, c.calls.Load())
	}
}

func TestDeliveriesBeforeAHoldCount(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{}
	s.planWithDeadline(0, 0, mostDeliveries-1)
	s.worker(c, 0).Handle(t.Context(), s.next())
	if got := s.states(1); got[0] != carillon.StateLost || c.calls.Load() != 0 {
		t.Errorf("states %v, %d calls", got, c.calls.Load())
	}
}

func TestOnlyALongHoldIsNews(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plan(twice)
	w := s.worker(&caller{}, 0)
	d, err := w.read(s.next())
	if err != nil {
		t.Fatal(err)
	}
	d.work, d.ctx = t.Context(), t.Context()
	for _, hold := range []gate.Hold{
		{Cause: gate.Crowded, For: time.Second, Reason: "short"}, {Cause: gate.Crowded, For: time.Minute, Reason: "first"}, {Cause: gate.Cooldown, For: time.Minute, Reason: "second"},
	} {
		if err := w.hold(d, &hold); err != nil {
			t.Fatal(err)
		}
		d.run.Holds++
	}
	for _, want := range []string{"first", "second"} {
		msg, err := s.outcomes.NextMsg(patience)
		if err != nil {
			t.Fatal(err)
		}
		if told, err := wire.Decode[wire.Outcome](msg.Data); err != nil || told.Reason != want || told.State != carillon.StateQueued {
			t.Errorf("told %+v, %v, want %s", told, err, want)
		}
	}
}

// seeing fails, and keeps what it is called with.
type seeing struct {
	*caller
	runs []wire.Run
}

func (c *seeing) Call(ctx context.Context, run wire.Run, traceparent string) wire.Attempt {
	c.runs = append(c.runs, run)
	return c.caller.Call(ctx, run, traceparent)
}

func TestPatienceBeginsAnewWithARetryInTheSlot(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &seeing{caller: &caller{answer: connectFailure}}
	long := time.Now().Add(-time.Hour)
	call := wire.Call{JobID: carillon.NewJobID(), Namespace: "default", Queue: "default", Retry: twice}
	call.Target.URL = "http://" + call.JobID.String()
	s.publish(call, wire.Run{ID: carillon.NewJobID(), Attempt: 1, Holds: 3, HeldSince: &long})
	s.worker(c, time.Millisecond).Handle(t.Context(), s.next())
	if len(c.runs) != 2 || c.runs[0].HeldSince == nil || c.runs[1].HeldSince != nil || c.runs[1].Attempt != 2 {
		t.Errorf("called with %+v", c.runs)
	}
}

// failing stores nothing.
type failing struct{ Outbox }

func (failing) Publish(context.Context, *nats.Msg) error { return errors.New("no space left") }

func TestWhatCannotBeStoredIsNotTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plan(twice)
	w := s.worker(&caller{}, 0)
	w.Outbox = failing{w.Outbox}
	w.Handle(t.Context(), s.next())
	began := time.Now()
	s.next()
	if waited := time.Since(began); waited < pause*9/10 {
		t.Errorf("came back after %s", waited)
	}
}
