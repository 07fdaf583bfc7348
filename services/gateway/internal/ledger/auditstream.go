package ledger

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
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

// openRevisions reads by the primary key, backwards.
func openRevisions(ctx context.Context, tx pgx.Tx, asked Audited) (pgx.Rows, error) {
	return open(ctx, tx, asked, `
		SELECT job_id, revision, effective_from, document->>'name', document->>'namespace',
			coalesce((document->>'paused')::boolean, false), action = 'deleted', document->'schedule'
		FROM job_revisions WHERE effective_from < @to`, `document->>'namespace'`, ` ORDER BY job_id DESC, revision DESC`)
}

// openRows reads in the order of runs_job_idx, backwards. Postgres uses that
// index or sorts, whichever it finds cheaper.
func openRows(ctx context.Context, tx pgx.Tx, asked Audited) (pgx.Rows, error) {
	return open(ctx, tx, asked, `
		SELECT job_id, id, fire_time, state, revision, planned_at, started_at, kind = 'backfill'
		FROM runs WHERE kind IN ('schedule', 'backfill') AND fire_time >= @from AND fire_time < @to`, `namespace`, ` ORDER BY job_id DESC, fire_time, id`)
}

func open(ctx context.Context, tx pgx.Tx, asked Audited, sql, namespace, order string) (pgx.Rows, error) {
	args := pgx.NamedArgs{"from": asked.From, "to": asked.To}
	var text strings.Builder
	text.WriteString(sql + " AND " + scope.From(ctx).Within(asked.Namespace).Where(namespace, args))
	if asked.JobID != uuid.Nil {
		text.WriteString(" AND job_id = @job_id")
		args["job_id"] = asked.JobID
	}
	text.WriteString(order)
	rows, err := tx.Query(ctx, text.String(), args)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return rows, nil
}

// revisionsOf also ends with ctx: the fires of many jobs without rows take time
// in which nothing is read.
func revisionsOf(ctx context.Context, rows pgx.Rows) audit.Source[*audit.Revision] {
	return func() (*audit.Revision, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !rows.Next() {
			return nil, endOf(rows)
		}
		r := &audit.Revision{}
		err := rows.Scan(&r.Job, &r.Number, &r.From, &r.Name, &r.Namespace, &r.Paused, &r.Deleted, &r.Schedule)
		return r, err
	}
}

// rowsOf scans ids as plain bytes, for pgx would read a uuid.UUID as text.
func rowsOf(rows pgx.Rows) audit.Source[audit.Row] {
	var r audit.Row
	var started pgtype.Timestamptz
	into := []any{(*[16]byte)(&r.Job), (*[16]byte)(&r.ID), &r.At, (*string)(&r.State), &r.Revision, &r.PlannedAt, &started, &r.Backfill}
	return func() (audit.Row, error) {
		if !rows.Next() {
			return r, endOf(rows)
		}
		err := rows.Scan(into...)
		r.StartedAt = started.Time
		return r, err
	}
}

// endOf is io.EOF after the last row, and otherwise why there are no more.
func endOf(rows pgx.Rows) error {
	if err := rows.Err(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return io.EOF
}
