package ledger

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// end is that of a run, as it was recorded just now, and the one that it has
// replaced, if any.
type end struct {
	jobID   uuid.UUID
	was, is jobstat.End
}

// recordRuns writes the runs and attempts of a batch, and returns the ends that
// the ledger did not know.
func recordRuns(ctx context.Context, tx pgx.Tx, events []*wire.Outcome) ([]end, error) {
	runs := latestRuns(events)
	statements.Inc()
	rows, err := tx.Query(ctx, statement, arguments(runs, latestAttempts(events))...)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]*wire.Outcome, len(runs))
	for _, run := range runs {
		byID[run.RunID] = run
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (end, error) { return scanEnd(row, byID) })
}

func scanEnd(row pgx.CollectableRow, byID map[uuid.UUID]*wire.Outcome) (end, error) {
	var id uuid.UUID
	var state *carillon.State
	var started, finished *time.Time
	if err := row.Scan(&id, &state, &started, &finished); err != nil {
		return end{}, err
	}
	run := byID[id]
	e := end{jobID: run.JobID, is: endOf(run)}
	if state != nil {
		e.was = e.is
		e.was.State, e.was.StartedAt, e.was.FinishedAt = *state, orZero(started), orZero(finished)
	}
	return e, nil
}

// endOf reads an event as the ledger has recorded it, to the microsecond.
func endOf(o *wire.Outcome) jobstat.End {
	return jobstat.End{
		RunID: o.RunID, Kind: o.Kind, FireTime: o.FireTime.Truncate(time.Microsecond), State: o.State,
		StartedAt: o.StartedAt.Truncate(time.Microsecond), FinishedAt: o.FinishedAt.Truncate(time.Microsecond),
	}
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
