// Package execution takes a run through its call: from the message that a queue
// delivers to the outcome that the ledger keeps.
//
//	ready message ─▶ call ─▶ verdict ─┬─ ended ────▶ outcome stored ─▶ message acknowledged
//	                  ▲               ├─ long wait ─▶ retry parked ──▶ message acknowledged
//	                  └───────────────┴─ short wait, in the slot
//
// The order is the safety argument. A message is acknowledged only after the
// server has stored what came of it, so whatever dies in between, the message
// comes back; it is called again under the same id and records the same row. And
// a retry is stored before its original goes, so the run is in the stream at
// every instant: that is what the overlap check looks at.
//
// A retry is parked in the stream, as a scheduled message (ADR-51 of NATS) that
// turns into a ready message when it is due. It holds no slot, and outlives every
// runner. Waits below the server's floor are waited out in the slot. A run whose
// host is not to be called now (package gate) is parked likewise, for the same
// attempt.
//
// A runner may die after it has parked a retry and before the original is
// acknowledged. The original then comes back, after the ack wait, to a runner
// that knows nothing of it. If the retry is still parked, the original is only
// acknowledged. If the retry has become ready before that, as one with a delay
// below the ack wait has, nothing cheap tells: its ready message shares a subject
// with the job's other runs. The original's attempt is then called again, under
// the same id, and may park the next one again. So a target can see more calls
// of a run than its attempts, even two at a time; the ledger keeps one row.
//
// Where a queue has a rate, each attempt takes its turn at it: what is to be tried
// again is parked however short its wait, and comes back with a token.
//
// A run whose first call comes later after it was planned than its job's deadline
// expires without one. Only its first delivery can tell, and those after a hold: one
// that came back for want of an answer may have been called. No hold outlasts the
// deadline.
//
// A target that answers 202 to a call that wants a callback has taken the run on
// (package callback). The run is parked in the place of a retry until the time
// for the callback is over, or until the callback wakes it. Then it comes back, not
// through its queue, for nothing is called; and the attempt ends as the report says
// that stands in the book by then.
//
// A cancelled run ends where it is (package cancellation): its context ends, and
// with it the call or the wait. Its outcome is stored first and its parked retry
// removed after, so what dies in between leaves a run that is cancelled once more.
// An attempt that had ended the run by then counts: it is recorded as it ended.
//
// A message that has been delivered too often has probably taken its runners
// down with it. It is not called again, but recorded as lost. All deliveries of an
// attempt count, before it was held and after, also those that a runner handed back
// when it was stopped: the server keeps one number for both, and to publish such a
// run anew would risk to have it twice. So a call longer than the grace that meets
// four stops in a row is lost.
package execution

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/services/runner/internal/cancellation"
	"github.com/carillon-cron/carillon/services/runner/internal/gate"
	"github.com/carillon-cron/carillon/services/runner/internal/memory"
	"github.com/carillon-cron/carillon/services/runner/internal/tracing"
	"github.com/carillon-cron/carillon/services/runner/internal/verdict"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

const (
	// parkFloor is the shortest delay that the server keeps to.
	parkFloor = 250 * time.Millisecond
	// moment is how long a call may last without the news that it has started.
	moment = 250 * time.Millisecond
	// mostDeliveries is the delivery on which a message is given up.
	mostDeliveries = 5
	// pause is before what could not be stored is tried again.
	pause = time.Second
	// lasting is the wait from which it is news that a run is held.
	lasting = 3 * time.Second
)

// Target is what the runs of a job's revision call. It makes the request of an
// attempt, which is of class interrupted if ctx ended before the call. Clean takes
// out of a text what is secret in its calls.
type Target interface {
	Call(ctx context.Context, run wire.Run, traceparent string) wire.Attempt
	Clean(text string) string
}

// Outbox stores messages. Publish returns nil once the message is stored, and
// an error only if ctx ends first; Send does not wait and may lose it.
type Outbox interface {
	Publish(ctx context.Context, msg *nats.Msg) error
	Send(msg *nats.Msg)
}

// remembered is how many finished runs a worker knows again. It reaches back
// over an ack wait at some thousand runs a second.
const remembered = 32_768

// Config is what a worker is made for.
type Config struct {
	// Prepare makes a call's target ready, once for all runs that share the call.
	Prepare func(call *wire.Call) Target
	Outbox  Outbox
	Server  Server
	Retries Retries
	Jitter  backoff.Jitter
	// Gate says which hosts may be called.
	Gate *gate.Gate
	// Cancelled says which runs are to be stopped.
	Cancelled *cancellation.Set
	Callbacks Callbacks
}

// Worker handles deliveries. It is safe for concurrent use.
type Worker struct {
	Config
	memory *memory.Memory
	calls  *calls
}

// New returns a worker that remembers nothing yet.
func New(config Config) *Worker {
	return &Worker{Config: config, memory: memory.New(remembered), calls: newCalls(config.Prepare)}
}

// Handle takes the run of a ready message as far as it gets, and answers the
// message: acknowledged if what came of it is stored, handed back if not. It reports
// whether a call was made.
func (w *Worker) Handle(ctx context.Context, msg *nats.Msg) (called bool) {
	return w.take(ctx, msg, w.execute)
}

func (w *Worker) take(ctx context.Context, msg *nats.Msg, how handler) (called bool) {
	d, err := w.read(msg)
	if err != nil {
		malformed.Inc()
		slog.Error("malformed run removed", "subject", msg.Subject, "error", err)
		answer(msg.Term)
		return false
	}
	switch w.memory.Begin(d.key()) {
	case memory.Fresh:
		w.settle(ctx, d, how)
	case memory.Running: // the earlier delivery answers for this one too
	case memory.Done:
		answer(msg.Ack)
	}
	return d.called
}

// handler returns nil once what became of a delivery is stored.
type handler func(context.Context, *delivery) error

func (w *Worker) settle(ctx context.Context, d *delivery, how handler) {
	key := d.key()
	if err := how(ctx, d); err != nil {
		w.memory.Forget(key)
		handBack(ctx, d, err)
		return
	}
	w.memory.Finish(key)
	answer(d.msg.Ack)
}

// handBack lets another runner have a message at once where this one was stopped.
// What else has failed would fail there too, so it has a pause.
func handBack(ctx context.Context, d *delivery, err error) {
	if ctx.Err() != nil {
		answer(d.msg.Nak)
		return
	}
	slog.Warn("run not brought further, tried again", "run", d.run.ID, "error", err)
	answer(func(opts ...nats.AckOpt) error { return d.msg.NakWithDelay(pause, opts...) })
}

// enter takes a run in hand, until leave is called.
func (w *Worker) enter(ctx context.Context, d *delivery, now time.Time) (leave func()) {
	d.work = tracing.Join(ctx, d.msg.Header, d.run, now)
	d.trace = tracing.Carried(d.work, d.msg.Header, d.run)
	d.ctx, leave = w.Cancelled.Enter(d.work, d.call.JobID, d.run)
	return leave
}

func (w *Worker) execute(ctx context.Context, d *delivery) error {
	now := time.Now().UTC()
	defer w.enter(ctx, d, now)()
	switch {
	case d.ctx.Err() != nil:
		return w.stop(d, nil)
	case d.times > 1 && w.passed(d):
		return w.recall(d)
	case d.times > 1 && w.reported(d):
		return w.conclude(d)
	case d.times >= mostDeliveries:
		return w.lose(d, now)
	case d.overdue(now):
		return w.expire(d, now)
	}
	return w.attempt(d)
}

// attempt makes attempts until the run has ended or its next one is parked.
func (w *Worker) attempt(d *delivery) error {
	for d.ctx.Err() == nil {
		if held := w.Gate.Enter(d.ctx, &d.run, d.call.Call, d.paced()); held != nil {
			return w.hold(d, held)
		}
		attempt := w.call(d)
		w.Gate.Leave(d.call.Call, &attempt)
		if attempt.Class == wire.ClassInterrupted {
			return w.stop(d, &attempt)
		}
		if awaited(d, attempt) {
			return w.await(d, attempt)
		}
		judged := verdict.Of(attempt, d.call.Retry, w.Jitter)
		switch {
		case judged.State.Final():
			return w.finish(d, attempt, judged)
		case d.ctx.Err() != nil:
			return w.stop(d, &attempt)
		case judged.Delay >= parkFloor || d.paced():
			return w.park(d, attempt, judged)
		}
		if err := w.wait(d, attempt, judged); err != nil {
			return err
		}
	}
	return w.stop(d, nil)
}

// call makes one attempt, and sends the news of it if it lasts.
func (w *Worker) call(d *delivery) wire.Attempt {
	inFlight.Inc()
	defer inFlight.Dec()
	d.called = true
	d.begin(time.Now().UTC())
	ctx, span, traceparent := tracing.Attempt(d.ctx, d.run)
	announced := make(chan struct{})
	news := time.AfterFunc(moment, func() {
		defer close(announced)
		w.Outbox.Send(d.outcome(started(d)))
	})
	attempt := d.call.target.Call(ctx, d.run, traceparent)
	if !news.Stop() {
		<-announced // so that the news of the start never follows that of the end
	}
	tracing.End(span, attempt)
	count(attempt.Class)
	return attempt
}

// wait records a failed attempt and waits for the next one in the slot, or for
// the end of the context.
func (w *Worker) wait(d *delivery, attempt wire.Attempt, judged verdict.Verdict) error {
	if err := w.Outbox.Publish(d.work, d.outcome(attempted(d, attempt, judged))); err != nil {
		return err
	}
	select {
	case <-time.After(judged.Delay):
	case <-d.ctx.Done():
	}
	d.run, d.times = d.run.Next(), 1
	return nil
}

// park records a failed attempt, then stores the next one for later: once that
// is parked, nobody comes back to this one.
func (w *Worker) park(d *delivery, attempt wire.Attempt, judged verdict.Verdict) error {
	due := time.Now().Add(max(judged.Delay, parkFloor))
	if err := w.Outbox.Publish(d.work, d.outcome(attempted(d, attempt, judged))); err != nil {
		return err
	}
	if err := w.Outbox.Publish(d.work, d.retry(due)); err != nil {
		return err
	}
	if _, late := cancellation.Reason(d.ctx); late { // it may have been looked for before it was there
		d.run.Attempt++
		return w.stop(d, nil)
	}
	return nil
}

// hold parks a run that is not to be called now. Before its first call the ledger
// may know nothing of it, so it is told, and each time until when; what only lasts a
// moment is no news.
func (w *Worker) hold(d *delivery, held *gate.Hold) error {
	if d.ctx.Err() != nil {
		return w.stop(d, nil)
	}
	if d.run.Attempt == 1 && held.For >= lasting {
		w.Outbox.Send(d.outcome(waiting(d, held.Reason)))
	}
	now := time.Now().UTC()
	if err := w.Outbox.Publish(d.work, d.held(now, d.heldUntil(now, held))); err != nil {
		return err
	}
	if _, late := cancellation.Reason(d.ctx); late {
		return w.stop(d, nil)
	}
	return nil
}

func (w *Worker) finish(d *delivery, attempt wire.Attempt, judged verdict.Verdict) error {
	return w.Outbox.Publish(d.work, d.outcome(finished(d, attempt, judged)))
}

// lose gives a run up.
func (w *Worker) lose(d *delivery, now time.Time) error {
	slog.Error("run lost", "run", d.run.ID, "job", d.call.Job, "deliveries", d.times)
	return w.Outbox.Publish(d.work, d.outcome(lost(d, now)))
}

// expire ends a run that was not called in time.
func (w *Worker) expire(d *delivery, now time.Time) error {
	expirations.Inc()
	return w.Outbox.Publish(d.work, d.outcome(expired(d, now)))
}

// answer tells the server what became of a message. If that gets lost, the
// message comes back, and the memory knows it.
func answer(how func(...nats.AckOpt) error) {
	if err := how(); err != nil {
		slog.Debug("answer not sent", "error", err)
	}
}
