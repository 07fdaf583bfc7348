package ledger

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// recordStats counts ends into their jobs' statistics. The rows are locked until
// the transaction ends, so what it reads stays true; it locks them in the order
// of their ids, and after the runs, as every recorder does.
func recordStats(ctx context.Context, tx pgx.Tx, ends []end) error {
	ends = slices.DeleteFunc(ends, func(e end) bool { return e.is.Kind == carillon.KindBackfill })
	if len(ends) == 0 {
		return nil
	}
	jobs := jobsOf(ends)
	all, err := lockStats(ctx, tx, jobs)
	if err != nil {
		return err
	}
	if len(all) < len(jobs) {
		return errors.New("statistics were removed meanwhile") // by Tidy; another try makes them anew
	}
	count(all, ends)
	statements.Inc()
	_, err = tx.Exec(ctx, updateStats, statColumns(all)...)
	return err
}

// jobsOf returns the jobs of ends, each once, in order.
func jobsOf(ends []end) []uuid.UUID {
	jobs := make([]uuid.UUID, len(ends))
	for i, e := range ends {
		jobs[i] = e.jobID
	}
	slices.SortFunc(jobs, compareIDs)
	return slices.Compact(jobs)
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// lockStats returns the statistics of jobs, those of a new one empty.
func lockStats(ctx context.Context, tx pgx.Tx, jobs []uuid.UUID) ([]*jobstat.Stats, error) {
	var all []*jobstat.Stats
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO job_stats (job_id) SELECT id FROM unnest($1::uuid[]) AS job (id)
		WHERE NOT EXISTS (SELECT FROM job_stats AS s WHERE s.job_id = job.id)
		ORDER BY id ON CONFLICT DO NOTHING`, jobs)
	batch.Queue("SELECT "+jobstat.Columns+" FROM job_stats WHERE job_id = ANY($1) ORDER BY job_id FOR UPDATE", jobs).
		Query(func(rows pgx.Rows) (err error) {
			all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*jobstat.Stats, error) { return jobstat.Scan(row) })
			return err
		})
	statements.Add(float64(batch.Len()))
	return all, tx.SendBatch(ctx, batch).Close()
}

// count adds each end to its job's statistics, which are in the order of ids.
func count(all []*jobstat.Stats, ends []end) {
	for _, e := range ends {
		at, _ := slices.BinarySearchFunc(all, e.jobID, func(s *jobstat.Stats, id uuid.UUID) int { return compareIDs(s.JobID, id) })
		all[at].Replace(e.was, e.is)
	}
}

const updateStats = `
UPDATE job_stats AS s SET
  succeeded = e.succeeded, failed = e.failed, cancelled = e.cancelled, skipped = e.skipped, missed = e.missed,
  expired = e.expired, lost = e.lost, success_streak = e.success_streak, failure_streak = e.failure_streak,
  last_run_id = e.last_run_id, last_kind = e.last_kind, last_fire_time = e.last_fire_time, last_state = e.last_state,
  last_started_at = e.last_started_at, last_finished_at = e.last_finished_at, last_success_id = e.last_success_id,
  last_success_fire_time = e.last_success_fire_time, last_success_finished_at = e.last_success_finished_at,
  week = e.week, failing_weight = e.failing_weight, failing_sum = e.failing_sum,
  duration_weight = e.duration_weight, duration_sum = e.duration_sum,
  lateness_weight = e.lateness_weight, lateness_sum = e.lateness_sum,
  recent_failing_weight = e.recent_failing_weight, recent_failing_sum = e.recent_failing_sum,
  recent_duration_weight = e.recent_duration_weight, recent_duration_sum = e.recent_duration_sum,
  durations = e.durations, latenesses = e.latenesses, streak = e.streak
FROM unnest(
  $1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::integer[], $10::integer[],
  $11::uuid[], $12::text[], $13::timestamptz[], $14::text[], $15::timestamptz[], $16::timestamptz[],
  $17::uuid[], $18::timestamptz[], $19::timestamptz[],
  $20::integer[], $21::float8[], $22::float8[], $23::float8[], $24::float8[], $25::float8[], $26::float8[],
  $27::float8[], $28::float8[], $29::float8[], $30::float8[],
  $31::bytea[], $32::bytea[], $33::bytea[]
) AS e (
  job_id, succeeded, failed, cancelled, skipped, missed, expired, lost,
  success_streak, failure_streak,
  last_run_id, last_kind, last_fire_time, last_state, last_started_at, last_finished_at,
  last_success_id, last_success_fire_time, last_success_finished_at,
  week, failing_weight, failing_sum, duration_weight, duration_sum, lateness_weight, lateness_sum,
  recent_failing_weight, recent_failing_sum, recent_duration_weight, recent_duration_sum,
  durations, latenesses, streak
)
WHERE s.job_id = e.job_id`

// statColumns are the parameters of updateStats.
func statColumns(all []*jobstat.Stats) []any {
	return slices.Concat(countColumns(all), lastColumns(all), averageColumns(all), sketchColumns(all))
}

func countColumns(all []*jobstat.Stats) []any {
	return []any{
		column(all, func(s *jobstat.Stats) pgtype.UUID { return id(s.JobID) }),
		column(all, func(s *jobstat.Stats) int64 { return s.Counts.Succeeded }),
		column(all, func(s *jobstat.Stats) int64 { return s.Counts.Failed }),
		column(all, func(s *jobstat.Stats) int64 { return s.Counts.Cancelled }),
		column(all, func(s *jobstat.Stats) int64 { return s.Counts.Skipped }),
		column(all, func(s *jobstat.Stats) int64 { return s.Counts.Missed }),
		column(all, func(s *jobstat.Stats) int64 { return s.Counts.Expired }),
		column(all, func(s *jobstat.Stats) int64 { return s.Counts.Lost }),
		column(all, func(s *jobstat.Stats) int32 { return int32(s.Streak.Successes()) }),
		column(all, func(s *jobstat.Stats) int32 { return int32(s.Streak.Failures()) }),
	}
}

func lastColumns(all []*jobstat.Stats) []any {
	return []any{
		column(all, func(s *jobstat.Stats) pgtype.UUID { return id(s.Last.RunID) }),
		column(all, func(s *jobstat.Stats) string { return string(s.Last.Kind) }),
		column(all, func(s *jobstat.Stats) pgtype.Timestamptz { return instant(s.Last.FireTime) }),
		column(all, func(s *jobstat.Stats) string { return string(s.Last.State) }),
		column(all, func(s *jobstat.Stats) pgtype.Timestamptz { return instant(s.Last.StartedAt) }),
		column(all, func(s *jobstat.Stats) pgtype.Timestamptz { return instant(s.Last.FinishedAt) }),
		column(all, func(s *jobstat.Stats) pgtype.UUID { return idOrNull(s.LastSuccess.RunID) }),
		column(all, func(s *jobstat.Stats) pgtype.Timestamptz { return instant(s.LastSuccess.FireTime) }),
		column(all, func(s *jobstat.Stats) pgtype.Timestamptz { return instant(s.LastSuccess.FinishedAt) }),
	}
}

func averageColumns(all []*jobstat.Stats) []any {
	columns := []any{column(all, func(s *jobstat.Stats) int32 { return int32(s.Week) })}
	for _, average := range []func(*jobstat.Stats) jobstat.Average{
		func(s *jobstat.Stats) jobstat.Average { return s.Failing },
		func(s *jobstat.Stats) jobstat.Average { return s.Duration.Average },
		func(s *jobstat.Stats) jobstat.Average { return s.Lateness.Average },
		func(s *jobstat.Stats) jobstat.Average { return s.RecentFailing },
		func(s *jobstat.Stats) jobstat.Average { return s.RecentDuration },
	} {
		columns = append(columns,
			column(all, func(s *jobstat.Stats) float64 { return average(s).Weight }),
			column(all, func(s *jobstat.Stats) float64 { return average(s).Sum }))
	}
	return columns
}

func sketchColumns(all []*jobstat.Stats) []any {
	return []any{
		column(all, func(s *jobstat.Stats) []byte { return stored(s.Duration.Sketch) }),
		column(all, func(s *jobstat.Stats) []byte { return stored(s.Lateness.Sketch) }),
		column(all, func(s *jobstat.Stats) []byte {
			streak, _ := s.Streak.MarshalBinary()
			return streak
		}),
	}
}

func idOrNull(u uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: u, Valid: u != uuid.Nil} }

// stored is never nil, which would be NULL.
func stored(sketch jobstat.Sketch) []byte { return append([]byte{}, sketch...) }
