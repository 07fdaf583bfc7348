package ledger

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// end is that of a run, as it was recorded just now, and the one that it has
// replaced, if any.
type end struct {
	jobID   uuid.UUID
	was, is jobstat.End
}

// recordRuns writes the runs and attempts of a batch, and returns the ends that
// the ledger did not know, and the database's time.
func recordRuns(ctx context.Context, tx pgx.Tx, events []*wire.Outcome) (ends []end, now time.Time, err error) {
	runs := latestRuns(events)
	var ids pgtype.FlatArray[pgtype.UUID]
	var states pgtype.FlatArray[pgtype.Text]
	var started, finished pgtype.FlatArray[pgtype.Timestamptz]
	statements.Inc()
	row := tx.QueryRow(ctx, statement, arguments(runs, latestAttempts(events))...)
	if err := row.Scan(&ids, &states, &started, &finished, &now); err != nil {
		return nil, now, err
	}
	byID := make(map[uuid.UUID]*wire.Outcome, len(runs))
	for _, run := range runs {
		byID[run.RunID] = run
	}
	ends = make([]end, len(ids))
	for i := range ids {
		run := byID[ids[i].Bytes]
		ends[i] = end{jobID: run.JobID, is: endOf(run)}
		if states[i].Valid {
			ends[i].was = ends[i].is
			ends[i].was.State = carillon.State(states[i].String)
			ends[i].was.StartedAt, ends[i].was.FinishedAt = started[i].Time, finished[i].Time // NULL is zero
		}
	}
	return ends, now.UTC(), nil
}

// endOf reads an event as the ledger has recorded it, to the microsecond.
func endOf(o *wire.Outcome) jobstat.End {
	return jobstat.End{
		RunID: o.RunID, Kind: o.Kind, FireTime: o.FireTime.Truncate(time.Microsecond), State: o.State,
		StartedAt: o.StartedAt.Truncate(time.Microsecond), FinishedAt: o.FinishedAt.Truncate(time.Microsecond),
	}
}
