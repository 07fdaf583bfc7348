package ledger

import (
	"context"
	"errors"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Stats returns the statistics of a job, by one read of its row, or ErrNotFound if
// it has had no run that has ended.
func (l *Ledger) Stats(ctx context.Context, job uuid.UUID) (*jobstat.Stats, error) {
	var data []byte
	err := l.pool.QueryRow(ctx, `SELECT data FROM job_stats
		WHERE job_id = $1 AND ($2::text[] IS NULL OR (
			SELECT document->>'namespace' = ANY($2) FROM job_revisions AS r WHERE r.job_id = $1 LIMIT 1))`, job, scope.From(ctx).Names()).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return jobstat.Read(job, data)
}
