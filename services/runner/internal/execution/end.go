package execution

import (
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/verdict"
	"github.com/carillon-cron/carillon/shared/wire"
)

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
