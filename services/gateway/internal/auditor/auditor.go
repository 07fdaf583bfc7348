package auditor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// settling is the age from which a fire is judged. A run in flight has a row by
	// then, in normal times, and all others are looked for in NATS.
	settling = time.Minute
	// beginsBack is where the very first audit begins, to the hour, so that two
	// gateways begin it at the same instant.
	beginsBack = 24 * time.Hour
	// A window is so short that its unexplained fires fit into a list.
	longestWindow, shortestWindow = time.Hour, time.Second
	mostListed                    = 10_000
	// impatience is how far audits may fall behind before one is made although the
	// recorder has yet to catch up.
	impatience = time.Hour
	// passTimeout bounds all that is done at a time.
	passTimeout = 10 * time.Minute
)

// Finder finds fires that have no row in the ledger yet.
type Finder interface {
	// Find returns, by run id, the states of the runs of some fires: queued for those
	// that have yet to come to the ledger, none for those that are nowhere.
	Find(ctx context.Context, fires []audit.Fire) (map[uuid.UUID]carillon.State, error)
}

// Surroundings are what an auditor does something with. All are safe for concurrent
// use.
type Surroundings interface {
	// Behind reports whether outcomes older than an age wait for the recorder.
	Behind(ctx context.Context, age time.Duration) (bool, error)
	// Raise says that there is something to be said of a job, or nothing any more.
	Raise(ctx context.Context, alarm Alarm) error
	// Fill starts a backfill of a job's unexplained fires, if the job wants that. It
	// returns the instant before which they are being run, which may be short of the
	// end; zero for none.
	Fill(ctx context.Context, job uuid.UUID, from, to time.Time) (until time.Time, err error)
}

// Alarm is what is wrong with a job.
type Alarm struct {
	Job    uuid.UUID
	Fires  int       // that are unexplained; 0: nothing is wrong any more
	First  time.Time // of their fire times
	Newest time.Time
}

// Auditor audits by itself. Make one with New.
type Auditor struct {
	store  *store
	ledger *ledger.Ledger
	finder Finder
	around Surroundings
	every  time.Duration
	window time.Duration // how much is audited at a time
	most   int           // how many unexplained fires a list holds
}

// New returns an auditor that works while its Run does, and audits about as often as
// every says.
func New(pool *pgxpool.Pool, l *ledger.Ledger, finder Finder, around Surroundings, every time.Duration) *Auditor {
	return &Auditor{store: &store{pool}, ledger: l, finder: finder, around: around, every: every, window: longestWindow, most: mostListed}
}

// Run audits until ctx ends. When something is away it tries again.
func (a *Auditor) Run(ctx context.Context) error {
	tick := time.NewTicker(a.every)
	defer tick.Stop()
	for {
		passing, cancel := context.WithTimeout(ctx, passTimeout)
		err := a.pass(passing)
		cancel()
		if err != nil && ctx.Err() == nil {
			slog.Warn("audit failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// pass audits what has settled, unless another gateway just has, or the recorder is
// behind.
func (a *Auditor) pass(ctx context.Context) error {
	now := time.Now().UTC()
	until, err := a.store.until(ctx, now.Add(-beginsBack).Truncate(longestWindow))
	if err != nil {
		return err
	}
	lag := now.Sub(until)
	lagSeconds.Set(lag.Seconds())
	if lag < settling+a.every/2 {
		return nil
	}
	behind, err := a.around.Behind(ctx, settling)
	if err != nil || behind && lag < impatience {
		return err
	}
	if err := a.advance(ctx, until, now.Add(-settling)); err != nil {
		return err
	}
	return a.revisit(ctx)
}

// advance audits from one instant to another, window by window.
func (a *Auditor) advance(ctx context.Context, from, to time.Time) error {
	most := a.most // but of the shortest window, all are listed
	for from.Before(to) {
		end := from.Add(a.window)
		if end.After(to) {
			end = to
		}
		report, err := a.ledger.Audit(ctx, ledger.Audited{Window: audit.Window{From: from, To: end, Most: most}})
		if err != nil {
			return fmt.Errorf("audit by itself: %w", err)
		}
		if report.From.After(from) {
			slog.Warn("the ledger does not reach back far enough to audit all", "from", from, "to", report.From)
			from = report.From
			continue
		}
		if report.Unexplained > most {
			if a.window > shortestWindow {
				a.window /= 2
			} else {
				most = report.Unexplained
			}
			continue
		}
		if kept, err := a.keep(ctx, from, end, report); err != nil || !kept {
			return err // another gateway is at it
		}
		from, a.window, most = end, min(2*a.window, longestWindow), a.most
	}
	lagSeconds.Set(settling.Seconds())
	return nil
}

// keep writes down what came of a window, unless another gateway has.
func (a *Auditor) keep(ctx context.Context, from, to time.Time, report audit.Report) (kept bool, err error) {
	states, err := a.finder.Find(ctx, report.UnexplainedFires)
	if err != nil {
		return false, err
	}
	var doubts []doubt
	for _, f := range report.UnexplainedFires {
		if state, found := states[f.RunID()]; !found || state == carillon.StateQueued {
			doubts = append(doubts, doubt{Fire: f, Waiting: found})
		}
	}
	report.Learn(states)
	if kept, err = a.store.keep(ctx, from, to, report, doubts); kept {
		count(report)
	}
	return kept, err
}
