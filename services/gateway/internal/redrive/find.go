package redrive

import (
	"context"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// candidate is a run that is taken.
type candidate struct{ ID, JobID uuid.UUID }

// ended are the runs of a selection that were not redriven yet. Postgres plans for the
// states that it is given, so it sees that the indexes of what did not succeed will do.
const ended = `
	FROM runs AS r LEFT JOIN jobs AS j ON j.id = r.job_id
	WHERE r.state = ANY($1) AND r.fire_time >= $2 AND r.fire_time < $3
	  AND ($4::text[] IS NULL OR r.namespace = ANY($4)) AND ($5 = '00000000-0000-0000-0000-000000000000'::uuid OR r.job_id = $5)
	  AND NOT EXISTS (SELECT FROM audit_log WHERE object = 'run/' || r.id AND action = 'redriven')`

// find returns the runs that are taken, and what is known of all that match. Runs
// that cannot be started beside another of the list are not in it, nor are those of
// deleted jobs: they would stand in the way of others for ever.
func (r *Redriver) find(ctx context.Context, s Selection) (found []candidate, result Result, err error) {
	which := []any{s.States, s.From, s.To, scope.From(ctx).Within(s.Namespace).Names(), s.JobID}
	startable := 0
	err = r.pool.QueryRow(ctx, `SELECT count(j.id), count(*) FILTER (WHERE j.id IS NULL)`+ended, which...).Scan(&startable, &result.Gone)
	if err != nil {
		return nil, Result{}, fmt.Errorf("count runs to redrive: %w", err)
	}
	rows, err := r.pool.Query(ctx, `
		SELECT id, job_id FROM (
			SELECT r.id, r.job_id, r.fire_time, j.document->>'overlap' AS overlap,
				row_number() OVER (PARTITION BY r.job_id ORDER BY r.fire_time DESC, r.id DESC) AS turn`+ended+` AND j.id IS NOT NULL
		) AS meant
		WHERE turn = 1 OR overlap = 'allow'
		ORDER BY fire_time DESC, id DESC LIMIT $6`, append(which, s.Limit)...)
	if err != nil {
		return nil, Result{}, fmt.Errorf("find runs to redrive: %w", err)
	}
	found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[candidate])
	result.Matched = len(found)
	result.More = startable > len(found)
	return found, result, err
}
