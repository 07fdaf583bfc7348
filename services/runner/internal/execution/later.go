package execution

import (
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/cancellation"
	"github.com/carillon-cron/carillon/services/runner/internal/gate"
	"github.com/carillon-cron/carillon/services/runner/internal/verdict"
	"github.com/carillon-cron/carillon/shared/wire"
)

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
