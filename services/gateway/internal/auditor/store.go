package auditor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// store keeps the audits and the list.
type store struct{ pool *pgxpool.Pool }

// until is where the last audit ended; fallback if there was none.
func (s *store) until(ctx context.Context, fallback time.Time) (at time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(max(ends), $1) FROM audits`, fallback).Scan(&at)
	return at, wrapped(err)
}

// keep writes down an audit, unless another gateway has: then it reports false.
func (s *store) keep(ctx context.Context, from, to time.Time, r audit.Report, doubts []doubt) (kept bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO audits (begins, ends, expected, pending, unexplained, unexpected, stale)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			from, to, r.Expected, r.Pending, r.Unexplained, r.Unexpected, r.Stale)
		if kept = tag.RowsAffected() > 0; err != nil || !kept {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"unexplained_fires"},
			[]string{"run_id", "job_id", "fire_time", "namespace", "job_name", "revision", "waiting"},
			pgx.CopyFromSlice(len(doubts), func(i int) ([]any, error) {
				f := doubts[i]
				return []any{f.RunID(), f.JobID, f.FireTime, f.Namespace, f.Job, f.Revision, f.Waiting}, nil
			}))
		return err
	})
	return kept && err == nil, wrapped(err)
}

// settled returns what is on the list and has a row or was filled, and what is old.
func (s *store) settled(ctx context.Context) (settled, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT run_id, job_id, waiting FROM unexplained_fires AS fire
		WHERE NOT waiting AND noticed_at < now() - interval '1 day' OR EXISTS (
			SELECT FROM runs WHERE runs.fire_time = fire.fire_time AND runs.job_id = fire.job_id AND (runs.id = fire.run_id
				OR kind = 'backfill' AND started_at IS NOT NULL AND finished_at IS NOT NULL))`)
	if err != nil {
		return nil, wrapped(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ended])
	return all, wrapped(err)
}

// forget takes runs off the list, and forgets audits of long ago.
func (s *store) forget(ctx context.Context, runs []uuid.UUID) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM unexplained_fires WHERE run_id = ANY($1)`, runs)
	batch.Queue(`DELETE FROM audits WHERE ends < now() - interval '31 days'`)
	return wrapped(s.pool.SendBatch(ctx, batch).Close())
}

// waiting returns the oldest of the fires on the list that NATS had, job by job.
func (s *store) waiting(ctx context.Context) ([]audit.Fire, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT job_id, job_name, namespace, fire_time, revision FROM unexplained_fires WHERE waiting ORDER BY job_id, fire_time LIMIT $1`, mostListed)
	if err != nil {
		return nil, wrapped(err)
	}
	fires, err := pgx.CollectRows(rows, pgx.RowToStructByPos[audit.Fire])
	return fires, wrapped(err)
}

// lose says that some fires wait no more, and returns how many did.
func (s *store) lose(ctx context.Context, runs []uuid.UUID) (int64, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE unexplained_fires SET waiting = false, noticed_at = now() WHERE run_id = ANY($1) AND waiting`, runs)
	return tag.RowsAffected(), wrapped(err)
}

// alarms returns the jobs with unexplained fires, but for those of some runs.
func (s *store) alarms(ctx context.Context, but []uuid.UUID) ([]Alarm, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT job_id, count(*), min(fire_time), max(fire_time) FROM unexplained_fires
		WHERE NOT waiting AND run_id NOT IN (SELECT unnest($1::uuid[])) GROUP BY job_id`, but)
	if err != nil {
		return nil, wrapped(err)
	}
	alarms, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Alarm])
	return alarms, wrapped(err)
}

// unfilled is the span of a job's unexplained fires for which no backfill was
// started, its end excluded; false if there are none.
func (s *store) unfilled(ctx context.Context, job uuid.UUID) (from, to time.Time, ok bool, err error) {
	var first, last *time.Time
	err = s.pool.QueryRow(ctx, `
		SELECT min(fire_time), max(fire_time) + interval '1 microsecond' FROM unexplained_fires WHERE job_id = $1 AND NOT waiting AND NOT filling`,
		job).Scan(&first, &last)
	if err != nil || first == nil {
		return from, to, false, wrapped(err)
	}
	return *first, *last, true, nil
}

// filling says that a backfill was started for a job's fires before an instant.
func (s *store) filling(ctx context.Context, job uuid.UUID, before time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE unexplained_fires SET filling = true WHERE job_id = $1 AND fire_time < $2 AND NOT waiting`, job, before)
	return wrapped(err)
}

func wrapped(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("list of unexplained fires: %w", err)
}
