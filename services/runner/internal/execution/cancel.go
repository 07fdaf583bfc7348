package execution

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/cancellation"
	"github.com/carillon-cron/carillon/services/runner/internal/tracing"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

// Retries are those that are parked; a [Shelf] holds them.
type Retries interface {
	// Each calls handle with every retry whose subject matches filter, until one
	// fails.
	Each(ctx context.Context, filter string, handle func(*nats.Msg) error) error
	// Remove takes the retry on a subject away, if there is one.
	Remove(ctx context.Context, subject string) error
}

// stop takes a run out of hand whose context has ended, in an attempt or, where
// there is none, before the next one: cancelled, if that is why; else handed back.
func (w *Worker) stop(d *delivery, attempt *wire.Attempt) error {
	reason, ok := cancellation.Reason(d.ctx)
	if !ok {
		return context.Cause(d.ctx)
	}
	return w.cancel(d.work, d, attempt, reason)
}

// cancel ends a run for good. Its retry goes last: while it is there, the run is
// in flight.
func (w *Worker) cancel(ctx context.Context, d *delivery, attempt *wire.Attempt, reason string) error {
	if err := w.Outbox.Publish(ctx, d.outcome(cancelled(d, attempt, reason, time.Now().UTC()))); err != nil {
		return err
	}
	cancellations.Inc()
	return w.Retries.Remove(ctx, topology.Retry(d.call.JobID, d.call.Queue, d.run.ID))
}

// Withdraw cancels the parked retries that an order means. It returns nil once
// none is left.
func (w *Worker) Withdraw(ctx context.Context, order cancellation.Order) error {
	return w.Retries.Each(ctx, order.Parked(), func(msg *nats.Msg) error {
		d, err := w.parse(msg)
		if err != nil {
			slog.Error("malformed retry left alone", "subject", msg.Subject, "error", err) // removed when it is delivered
			return nil
		}
		if !order.Covers(d.call.JobID, &d.run) {
			return nil
		}
		d.trace = msg.Header.Get(tracing.Header)
		return w.cancel(ctx, d, d.cut(order.Reason), order.Reason)
	})
}
