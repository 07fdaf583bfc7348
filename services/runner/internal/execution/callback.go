package execution

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/cancellation"
	"github.com/carillon-cron/carillon/services/runner/internal/verdict"
	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// Callbacks knows how waits for callbacks ended; a [callback.Book] does.
type Callbacks interface {
	Find(ctx context.Context, run uuid.UUID, attempt int) (report wire.Report, ok bool, err error)
	Enter(ctx context.Context, run uuid.UUID, attempt int, report wire.Report) (stands wire.Report, err error)
	Wake(ctx context.Context, job, run uuid.UUID, attempt int) error
}

// keptResponse is how much of the answer a waiting run keeps. It travels in a
// header, and those are small.
const keptResponse = 1 << 10

// awaited reports whether the target has taken the run on.
func awaited(d *delivery, attempt wire.Attempt) bool {
	return d.call.Target.Callback != nil && attempt.Class == "" && attempt.Status == http.StatusAccepted
}

// await parks a run until its callback. One that has come already, while the
// call was under way, found nothing to wake; so it is looked for now.
func (w *Worker) await(d *delivery, attempt wire.Attempt) error {
	due := time.Now().Add(time.Duration(d.call.Target.Callback.TTL))
	if err := w.Outbox.Publish(d.work, d.outcome(awaiting(d, due))); err != nil {
		return err
	}
	d.run.Wait = &wire.Wait{StartedAt: attempt.StartedAt, Response: start(attempt.Response)}
	parked := d.parked(d.run, topology.Callback(d.call.JobID, d.call.Queue, d.run.ID), due)
	if err := w.Outbox.Publish(d.work, parked); err != nil {
		return err
	}
	if reason, late := cancellation.Reason(d.ctx); late {
		return w.stop(d, d.cut(reason))
	}
	return w.recall(d)
}

// recall wakes a parked run whose callback came before it was parked.
func (w *Worker) recall(d *delivery) error {
	if d.call.Target.Callback == nil {
		return nil
	}
	_, ok, err := w.Callbacks.Find(d.work, d.run.ID, d.run.Attempt)
	if err != nil || !ok {
		return err
	}
	return w.Callbacks.Wake(d.work, d.call.JobID, d.run.ID, d.run.Attempt)
}

// reported reports whether the attempt of a message that has come back was
// reported on meanwhile, so that it need not be called again. If that is not
// known, it is: a call too many is better than none.
func (w *Worker) reported(d *delivery) bool {
	if d.call.Target.Callback == nil {
		return false
	}
	_, ok, err := w.Callbacks.Find(d.work, d.run.ID, d.run.Attempt)
	if err != nil {
		slog.Warn("not known whether a callback has come", "run", d.run.ID, "error", err)
	}
	return ok
}

// Resume ends the wait of a run for its callback, and answers its message as
// [Worker.Handle] does. It makes no call.
func (w *Worker) Resume(ctx context.Context, msg *nats.Msg) { w.take(ctx, msg, w.resume) }

func (w *Worker) resume(ctx context.Context, d *delivery) error {
	defer w.enter(ctx, d, time.Now().UTC())()
	if reason, ok := cancellation.Reason(d.ctx); ok {
		return w.stop(d, d.cut(reason))
	}
	return w.conclude(d)
}

// conclude ends an attempt as the report says that stands. If there is none, the
// time for it is over. A target may echo what it was sent: the report loses what is
// secret, in the book as well.
func (w *Worker) conclude(d *delivery) error {
	report, err := w.Callbacks.Enter(d.work, d.run.ID, d.run.Attempt, overdue(d.call.Target.Callback, time.Now().UTC()))
	if err != nil {
		return err
	}
	report.Message = d.call.target.Clean(report.Message)
	if d.run.StartedAt.IsZero() {
		d.run.StartedAt = report.At
	}
	attempt := d.answered(report)
	if err := w.record(d, attempt); err != nil {
		return err
	}
	concluded(report)
	w.Outbox.Send(callback.Told(d.run.ID, d.run.Attempt, report, longest(d.call.Target)))
	return nil
}

// record stores what an attempt that was waited for means for its run. A retry is
// parked however soon it is due, for there is no slot here to wait in.
func (w *Worker) record(d *delivery, attempt wire.Attempt) error {
	judged := verdict.Of(attempt, d.call.Retry, w.Jitter)
	if judged.State.Final() {
		return w.finish(d, attempt, judged)
	}
	judged.Delay = max(judged.Delay, parkFloor)
	return w.park(d, attempt, judged)
}

// longest is how long an attempt can last, with its wait.
func longest(target carillon.Target) time.Duration {
	call := time.Duration(target.Timeout)
	if target.Callback == nil {
		return call
	}
	return call + time.Duration(target.Callback.TTL)
}

// overdue is the report that no callback came.
func overdue(callback *carillon.Callback, now time.Time) wire.Report {
	report := wire.Report{State: carillon.StateFailed, Class: wire.ClassTimeout, Message: "no callback", At: now}
	if callback != nil {
		report.Message += " within " + callback.TTL.String()
	}
	return report
}

func start(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), keptResponse)], "")
}
