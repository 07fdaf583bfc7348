package alertstore

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Open lists the jobs that have an open alert.
func (s *Store) Open(ctx context.Context) ([]uuid.UUID, error) {
	return s.jobs(ctx, `SELECT DISTINCT object_id FROM alerts WHERE ended_at IS NULL AND object = 'job'`)
}

// Suspects lists the jobs whose statistics may call for an alert: all for which
// nothing need have been seen.
func (s *Store) Suspects(ctx context.Context) ([]uuid.UUID, error) {
	return s.jobs(ctx, `
		SELECT j.id FROM jobs j LEFT JOIN job_stats s ON s.job_id = j.id
		WHERE s.last_state IN ('missed', 'expired') OR j.document ? 'alerts' OR s.failure_streak >= 1`)
}

// Slow lists the jobs for which the duration of each run matters.
func (s *Store) Slow(ctx context.Context) ([]uuid.UUID, error) {
	return s.jobs(ctx, `SELECT id FROM jobs WHERE document->'alerts' ? 'slow_factor'`)
}

// Tidy ends the alerts that nobody else would: of jobs and checks that are gone, and
// what nobody renews; and it forgets those that have ended long ago.
func (s *Store) Tidy(ctx context.Context, now time.Time) error {
	return s.alone(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE alerts SET ended_at = $1 WHERE ended_at IS NULL AND (
				kind = $2 AND renewed_at < $3
				OR object = 'job' AND NOT EXISTS (SELECT FROM jobs WHERE id = object_id)
				OR object = 'check' AND NOT EXISTS (SELECT FROM checks WHERE id = object_id))`,
			now, carillon.AlertUnexplained, now.Add(-forgottenAfter))
		if err == nil {
			_, err = tx.Exec(ctx, `DELETE FROM alerts WHERE ended_at < $1`, now.Add(-kept))
		}
		return err
	})
}

func (s *Store) jobs(ctx context.Context, sql string) ([]uuid.UUID, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	rows, err := s.pool.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
