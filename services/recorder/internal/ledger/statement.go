package ledger

import (
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5/pgtype"
)

// statement records a batch. Its parameters are the columns of the runs, those
// of the attempts, the order of states, and the place of the last open state in
// it, from 1. It returns, in arrays, the ends that are new, and what their rows told
// of before if that was an end too; and the database's time.
const statement = `
WITH recorded AS (
  INSERT INTO runs AS r (id, fire_time, job_id, job_name, namespace, kind, state, reason, revision, queue,
                         attempts, status, planned_at, started_at, finished_at)
  SELECT id, fire_time, job_id, job_name, namespace, kind, state, reason, revision, queue,
         attempts, nullif(status, 0), planned_at, started_at, finished_at
  FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::bigint[], $10::text[], $11::int[], $12::int[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[])
    AS event (id, fire_time, job_id, job_name, namespace, kind, state, reason, revision, queue,
              attempts, status, planned_at, started_at, finished_at)
  ON CONFLICT (fire_time, id) DO UPDATE SET
    job_id = excluded.job_id, job_name = excluded.job_name, namespace = excluded.namespace, kind = excluded.kind,
    state = excluded.state, reason = excluded.reason, revision = excluded.revision, queue = excluded.queue,
    attempts = excluded.attempts, status = excluded.status, planned_at = excluded.planned_at,
    started_at = excluded.started_at, finished_at = excluded.finished_at, recorded_at = excluded.recorded_at,
    was_state = CASE WHEN array_position($25::text[], r.state) > $26 THEN r.state END,
    was_started_at = CASE WHEN array_position($25::text[], r.state) > $26 THEN r.started_at END,
    was_finished_at = CASE WHEN array_position($25::text[], r.state) > $26 THEN r.finished_at END
  WHERE (greatest(array_position($25::text[], excluded.state), $26), excluded.attempts,
         array_position($25::text[], excluded.state), coalesce(excluded.finished_at, '-infinity'), excluded.reason COLLATE "C")
      > (greatest(array_position($25::text[], r.state), $26), r.attempts,
         array_position($25::text[], r.state), coalesce(r.finished_at, '-infinity'), r.reason COLLATE "C")
  RETURNING id, state, was_state, was_started_at, was_finished_at
), tried AS (
  INSERT INTO attempts AS a (fire_time, run_id, number, started_at, finished_at, status, class, error, response)
  SELECT fire_time, run_id, number, started_at, finished_at,
         nullif(status, 0), nullif(class, ''), nullif(error, ''), nullif(response, '')
  FROM unnest($16::timestamptz[], $17::uuid[], $18::int[], $19::timestamptz[], $20::timestamptz[],
              $21::int[], $22::text[], $23::text[], $24::text[])
    AS event (fire_time, run_id, number, started_at, finished_at, status, class, error, response)
  ON CONFLICT (fire_time, run_id, number) DO UPDATE SET
    started_at = excluded.started_at, finished_at = excluded.finished_at, status = excluded.status,
    class = excluded.class, error = excluded.error, response = excluded.response
  WHERE (excluded.status IS NOT NULL, coalesce(excluded.finished_at, '-infinity'), coalesce(excluded.class, '') COLLATE "C")
      > (a.status IS NOT NULL, coalesce(a.finished_at, '-infinity'), coalesce(a.class, '') COLLATE "C")
)
SELECT array_agg(id), array_agg(was_state), array_agg(was_started_at), array_agg(was_finished_at), now() FROM recorded
WHERE array_position($25::text[], state) > $26`

// arguments are the parameters of statement for the latest runs and attempts of
// a batch.
func arguments(runs, attempts []*wire.Outcome) []any {
	return append(append(runColumns(runs), attemptColumns(attempts)...), order, lastOpen+1)
}

func runColumns(events []*wire.Outcome) []any {
	return []any{
		column(events, func(o *wire.Outcome) pgtype.UUID { return id(o.RunID) }),
		column(events, func(o *wire.Outcome) pgtype.Timestamptz { return instant(o.FireTime) }),
		column(events, func(o *wire.Outcome) pgtype.UUID { return id(o.JobID) }),
		column(events, func(o *wire.Outcome) string { return o.Job }),
		column(events, func(o *wire.Outcome) string { return o.Namespace }),
		column(events, func(o *wire.Outcome) string { return string(o.Kind) }),
		column(events, func(o *wire.Outcome) string { return string(o.State) }),
		column(events, func(o *wire.Outcome) string { return o.Reason }),
		column(events, func(o *wire.Outcome) int64 { return o.Revision }),
		column(events, func(o *wire.Outcome) string { return o.Queue }),
		column(events, func(o *wire.Outcome) int32 { return int32(o.Attempts) }),
		column(events, lastStatus),
		column(events, func(o *wire.Outcome) pgtype.Timestamptz { return instant(o.PlannedAt) }),
		column(events, func(o *wire.Outcome) pgtype.Timestamptz { return instant(o.StartedAt) }),
		column(events, func(o *wire.Outcome) pgtype.Timestamptz { return instant(o.FinishedAt) }),
	}
}

func attemptColumns(events []*wire.Outcome) []any {
	return []any{
		column(events, func(o *wire.Outcome) pgtype.Timestamptz { return instant(o.FireTime) }),
		column(events, func(o *wire.Outcome) pgtype.UUID { return id(o.RunID) }),
		column(events, func(o *wire.Outcome) int32 { return int32(o.Attempt.Number) }),
		column(events, func(o *wire.Outcome) pgtype.Timestamptz { return instant(o.Attempt.StartedAt) }),
		column(events, func(o *wire.Outcome) pgtype.Timestamptz { return instant(o.Attempt.FinishedAt) }),
		column(events, lastStatus),
		column(events, func(o *wire.Outcome) string { return string(o.Attempt.Class) }),
		column(events, func(o *wire.Outcome) string { return o.Attempt.Error }),
		column(events, func(o *wire.Outcome) string { return o.Attempt.Response }),
	}
}

func column[T, V any](rows []T, value func(T) V) pgtype.FlatArray[V] {
	values := make(pgtype.FlatArray[V], len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

func lastStatus(o *wire.Outcome) int32 {
	if o.Attempt == nil {
		return 0
	}
	return int32(o.Attempt.Status)
}

func id(u [16]byte) pgtype.UUID { return pgtype.UUID{Bytes: u, Valid: true} }

// instant makes a zero time NULL.
func instant(t time.Time) pgtype.Timestamptz { return pgtype.Timestamptz{Time: t, Valid: !t.IsZero()} }
