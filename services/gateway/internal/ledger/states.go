package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// States returns the states of those of some runs that were recorded. It looks for
// them one by one: a join of many might read all rows of all days.
func (l *Ledger) States(ctx context.Context, runs []uuid.UUID) (map[uuid.UUID]carillon.State, error) {
	instants := make([]time.Time, len(runs))
	for i, id := range runs {
		instants[i] = carillon.RunTime(id)
	}
	rows, err := l.pool.Query(ctx, `
		SELECT run, state FROM unnest($1::uuid[], $2::timestamptz[]) AS wanted (run, at), LATERAL (
			SELECT state FROM runs WHERE id = run AND fire_time >= at AND fire_time < at + interval '1 millisecond' LIMIT 1) AS found`, runs, instants)
	if err != nil {
		return nil, fmt.Errorf("read states: %w", err)
	}
	found := map[uuid.UUID]carillon.State{}
	var id uuid.UUID
	var state carillon.State
	_, err = pgx.ForEachRow(rows, []any{&id, &state}, func() error {
		found[id] = state
		return nil
	})
	return found, err
}
