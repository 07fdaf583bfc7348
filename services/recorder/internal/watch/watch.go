// Package watch looks for what is worth an alert, over and over.
//
// Each recorder looks at the jobs whose runs it has recorded, within a second of
// that, if a run was suspicious. One of them, whose turn it is, also looks each second
// at all that has an open alert, for that may be over, and at checks; and each minute
// at every job, for what only the passing of time shows, and for what went unnoticed
// because a recorder died. All of it is off the path of recording, and where Postgres
// is away it is only late. A check is overdue by what was heard until its deadline:
// as long as older pings wait to be noted, nobody knows that one is missing.
package watch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

const (
	lookEvery  = time.Second
	sweepEvery = time.Minute
	// share is how much of the time a look may take: after a long one comes a pause
	// so many times as long.
	share = 10
	// page is how many jobs are looked at in one transaction.
	page = 1000
)

// Alerts is where alerts are kept.
type Alerts interface {
	// Now returns the instant by the database's clock, which is the same for all who
	// look: a recorder's own may be wrong.
	Now(ctx context.Context) (time.Time, error)
	Look(ctx context.Context, seen map[uuid.UUID]*alert.Evidence, now time.Time) error
	Open(ctx context.Context) ([]uuid.UUID, error)
	Suspects(ctx context.Context) ([]uuid.UUID, error)
	Slow(ctx context.Context) ([]uuid.UUID, error)
	Tidy(ctx context.Context, now time.Time) error
}

// Checks is where checks are kept.
type Checks interface {
	Look(ctx context.Context, heard, now time.Time) error
	Tidy(ctx context.Context) error
}

// Heard returns the instant until when all pings that came in are noted.
type Heard func(context.Context) (time.Time, error)

// Watch looks at jobs and checks. It is safe for concurrent use.
type Watch struct {
	alerts Alerts
	checks Checks
	heard  Heard

	mu   sync.Mutex
	seen map[uuid.UUID]*alert.Evidence
	slow map[uuid.UUID]bool // jobs for which the duration of each run matters
}

// New returns a watch.
func New(alerts Alerts, checks Checks, heard Heard) *Watch {
	return &Watch{alerts: alerts, checks: checks, heard: heard, seen: map[uuid.UUID]*alert.Evidence{}}
}

// Recorded takes note of outcomes that were recorded. It never waits.
func (w *Watch) Recorded(outcomes []*wire.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range outcomes {
		run, ended := alert.RunOf(o)
		if !ended || !run.Suspicious() && !w.slow[o.JobID] {
			continue
		}
		if w.seen[o.JobID] == nil {
			w.seen[o.JobID] = &alert.Evidence{}
		}
		w.seen[o.JobID].Add(run)
	}
}

// Run looks at the jobs that were recorded here, until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { w.each(ctx, sweepEvery, w.learnSlow) })
	parts.Go(func() { w.each(ctx, lookEvery, w.lookAtSeen) })
	parts.Wait()
}

// Preside looks at all that no single recorder sees, until ctx ends.
func (w *Watch) Preside(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { w.each(ctx, lookEvery, w.lookAtOpen) })
	parts.Go(func() { w.each(ctx, lookEvery, w.lookAtChecks) })
	parts.Go(func() { w.each(ctx, sweepEvery, w.sweep) })
	parts.Wait()
}

// each calls look again and again, until ctx ends.
func (w *Watch) each(ctx context.Context, every time.Duration, look func(context.Context) error) {
	for ctx.Err() == nil {
		began := time.Now()
		if err := look(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("alerts not looked at, will try again", "error", err)
		}
		lull.For(ctx, max(every, share*time.Since(began)))
	}
}

func (w *Watch) lookAtSeen(ctx context.Context) error {
	seen := w.takeSeen()
	err := w.look(ctx, seen)
	if err != nil {
		w.giveBack(seen)
	}
	return err
}

func (w *Watch) lookAtOpen(ctx context.Context) error {
	open, err := w.alerts.Open(ctx)
	if err != nil {
		return err
	}
	return w.look(ctx, unseen(open))
}

func (w *Watch) lookAtChecks(ctx context.Context) error {
	heard, err := w.heard(ctx)
	if err != nil {
		return err
	}
	now, err := w.alerts.Now(ctx)
	if err != nil {
		return err
	}
	return w.checks.Look(ctx, heard, now)
}

func (w *Watch) sweep(ctx context.Context) error {
	suspects, err := w.alerts.Suspects(ctx)
	if err != nil {
		return err
	}
	if err := w.look(ctx, unseen(suspects)); err != nil {
		return err
	}
	now, err := w.alerts.Now(ctx)
	if err != nil {
		return err
	}
	if err := w.alerts.Tidy(ctx, now); err != nil {
		return err
	}
	return w.checks.Tidy(ctx)
}

func (w *Watch) learnSlow(ctx context.Context) error {
	jobs, err := w.alerts.Slow(ctx)
	if err != nil {
		return err
	}
	slow := map[uuid.UUID]bool{}
	for _, job := range jobs {
		slow[job] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = slow
	return nil
}

// look looks at jobs, a page at a time. It takes out of seen what is done.
func (w *Watch) look(ctx context.Context, seen map[uuid.UUID]*alert.Evidence) error {
	for len(seen) > 0 {
		part := map[uuid.UUID]*alert.Evidence{}
		for job, evidence := range seen {
			if part[job] = evidence; len(part) == page {
				break
			}
		}
		now, err := w.alerts.Now(ctx)
		if err != nil {
			return err
		}
		if err := w.alerts.Look(ctx, part, now); err != nil {
			return err
		}
		for job := range part {
			delete(seen, job)
		}
	}
	return nil
}

func (w *Watch) takeSeen() map[uuid.UUID]*alert.Evidence {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = map[uuid.UUID]*alert.Evidence{}
	return seen
}

// giveBack keeps evidence for the next look.
func (w *Watch) giveBack(seen map[uuid.UUID]*alert.Evidence) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for job, evidence := range seen {
		if newer := w.seen[job]; newer != nil {
			evidence.Merge(*newer)
		}
		w.seen[job] = evidence
	}
}

// unseen is the evidence of jobs of which nothing was seen.
func unseen(jobs []uuid.UUID) map[uuid.UUID]*alert.Evidence {
	seen := make(map[uuid.UUID]*alert.Evidence, len(jobs))
	for _, job := range jobs {
		seen[job] = &alert.Evidence{}
	}
	return seen
}
