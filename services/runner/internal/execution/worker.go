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

// answer tells the server what became of a message. If that gets lost, the
// message comes back, and the memory knows it.
func answer(how func(...nats.AckOpt) error) {
	if err := how(); err != nil {
		slog.Debug("answer not sent", "error", err)
	}
}
