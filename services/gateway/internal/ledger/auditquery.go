package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Pauses reads the pauses of a namespace, or of all for "", that hold within a time,
// all at once: people make them. One ends where the next of its scope begins.
func Pauses(ctx context.Context, tx pgx.Tx, namespace string, from, to time.Time) ([]audit.Pause, error) {
	rows, err := tx.Query(ctx, `
		SELECT coalesce(namespace, ''), revision, paused, effective_from FROM (
			SELECT *, lead(effective_from) OVER (PARTITION BY namespace ORDER BY revision) AS until FROM pauses
		) AS change
		WHERE effective_from < @to AND (until IS NULL OR until > @from) AND (namespace IS NULL OR @namespace IN ('', namespace))`,
		pgx.NamedArgs{"from": from, "to": to, "namespace": namespace})
	if err != nil {
		return nil, fmt.Errorf("read pauses: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[audit.Pause])
}

// revisions reads by the primary key, backwards.
func (a Audited) revisions(ctx context.Context, tx pgx.Tx) (pgx.Rows, error) {
	return a.query(ctx, tx, `
		SELECT job_id, revision, effective_from, document->>'name', document->>'namespace',
			coalesce((document->>'paused')::boolean, false), action = 'deleted', document->'schedule'
		FROM job_revisions WHERE effective_from < @to`+a.only(`document->>'namespace'`)+` ORDER BY job_id DESC, revision DESC`, nil)
}

// digests has Postgres sum up the rows, which takes it a fraction of what sending
// them in the order of jobs does. A backfill's row is taken for one of the next
// microsecond, at which nothing fires, so that its job is looked at row by row.
func (a Audited) digests(ctx context.Context, tx pgx.Tx) (pgx.Rows, error) {
	return a.query(ctx, tx, `
		SELECT job_id, revision, state, count(*),
			bit_xor(uuid_hash_extended(id, (date_part('epoch', fire_time) * 1000000)::bigint + (kind = 'backfill')::int))
		FROM runs WHERE kind IN ('schedule', 'backfill') AND fire_time >= @from AND fire_time < @to`+a.only(`namespace`)+`
		GROUP BY job_id, revision, state ORDER BY job_id DESC`, nil)
}

// lateness has Postgres count the runs by how late they began.
func (a Audited) lateness(ctx context.Context, tx pgx.Tx) (pgx.Rows, error) {
	return a.query(ctx, tx, `
		SELECT round(ln(greatest(us, 1)) * @buckets)::int, count(*), count(*) FILTER (WHERE us > @late), max(us)::bigint FROM (
			SELECT date_part('epoch', started_at - fire_time) * 1000000 AS us FROM runs
			WHERE kind = 'schedule' AND started_at IS NOT NULL AND fire_time >= @from AND fire_time < @to`+a.only(`namespace`)+`
			OFFSET 0) AS begun
		GROUP BY 1 ORDER BY 1`, pgx.NamedArgs{"buckets": float64(audit.BucketsPerE), "late": float64(a.Late.Microseconds())})
}

// rows reads those of some jobs in the order of runs_job_idx, backwards. Postgres
// uses that index or sorts, whichever it finds cheaper.
func (a Audited) rows(ctx context.Context, tx pgx.Tx, jobs []uuid.UUID) (pgx.Rows, error) {
	return a.query(ctx, tx, `
		SELECT job_id, id, fire_time, state, revision, planned_at, started_at, kind = 'backfill'
		FROM runs WHERE job_id = ANY(@jobs) AND kind IN ('schedule', 'backfill') AND fire_time >= @from AND fire_time < @to`+a.only(`namespace`)+`
		ORDER BY job_id DESC, fire_time, id`, pgx.NamedArgs{"jobs": jobs})
}

// only is the condition of what is asked for. What is not filtered by is not
// named, so that each question gets a plan of its own.
func (a Audited) only(namespace string) (condition string) {
	condition = " AND " + a.within.Where(namespace, pgx.NamedArgs{})
	if a.JobID != uuid.Nil {
		condition += " AND job_id = @job_id"
	}
	return condition
}

func (a Audited) query(ctx context.Context, tx pgx.Tx, sql string, args pgx.NamedArgs) (pgx.Rows, error) {
	all := pgx.NamedArgs{"from": a.From, "to": a.To, "job_id": a.JobID}
	a.within.Where("", all) // for its argument; the condition is in the text
	for name, value := range args {
		all[name] = value
	}
	rows, err := tx.Query(ctx, sql, all)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return rows, nil
}
