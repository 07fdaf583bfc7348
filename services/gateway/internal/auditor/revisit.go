package auditor

import (
	"context"
	"errors"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/google/uuid"
)

// revisit looks at what became of the fires on the list, says so, and has those
// filled that are to be.
func (a *Auditor) revisit(ctx context.Context) error {
	if err := a.judgeWaiting(ctx); err != nil {
		return err
	}
	settled, err := a.store.settled(ctx)
	if err != nil {
		return err
	}
	alarms, err := a.store.alarms(ctx, settled.runs())
	if err != nil {
		return err
	}
	calm := settled.jobs()
	var failed []error
	for _, alarm := range alarms {
		delete(calm, alarm.Job)
		failed = append(failed, a.around.Raise(ctx, alarm), a.fill(ctx, alarm.Job))
	}
	for job := range calm {
		if err := a.around.Raise(ctx, Alarm{Job: job}); err != nil {
			failed = append(failed, err)
			settled = settled.without(job) // to be said the next time
		}
	}
	return errors.Join(append(failed, a.store.forget(ctx, settled.runs()))...)
}

// judgeWaiting looks for the fires that were in NATS. The ones that are nowhere now
// are unexplained; those with a row are forgotten the next time.
func (a *Auditor) judgeWaiting(ctx context.Context) error {
	waiting, err := a.store.waiting(ctx)
	if err != nil || len(waiting) == 0 {
		return err
	}
	states, err := a.finder.Find(ctx, waiting)
	if err != nil {
		return err
	}
	var lost []uuid.UUID
	for _, f := range waiting {
		if _, found := states[f.RunID()]; !found {
			lost = append(lost, f.RunID())
		}
	}
	n, err := a.store.lose(ctx, lost)
	fires.WithLabelValues(unexplained).Add(float64(n))
	return err
}

// fill starts a backfill of those fires of a job for which none was started.
func (a *Auditor) fill(ctx context.Context, job uuid.UUID) error {
	from, to, ok, err := a.store.unfilled(ctx, job)
	if err != nil || !ok {
		return err
	}
	until, err := a.around.Fill(ctx, job, from, to)
	if err != nil || until.IsZero() {
		return err
	}
	return a.store.filling(ctx, job, until)
}

// doubt is a fire on the list.
type doubt struct {
	audit.Fire
	Waiting bool
}
