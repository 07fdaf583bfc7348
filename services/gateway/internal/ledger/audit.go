package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	// MaxWindow is the longest window of an audit.
	MaxWindow = 31 * 24 * time.Hour
	// AuditTimeout bounds an audit, the wait for its turn included.
	AuditTimeout = 2 * time.Minute
)

// ErrTooLong says that an audit did not end in AuditTimeout.
var ErrTooLong = errors.New("the audit took longer than " + carillon.Duration(AuditTimeout).String() + ": ask for a shorter window, one namespace or one job")

// Audited says what to audit, within the scope of a context. Its zero Namespace and
// JobID do not filter.
type Audited struct {
	audit.Window
	Namespace string
	JobID     uuid.UUID
	Settling  time.Duration // a fire younger than this is not judged
	Timed     bool          // whether to count how late runs began
	Late      time.Duration // what counts as late

	within scope.Scope
}

// Audit compares a window with the ledger, as far as that reaches back and as it
// was at one instant. Audits take turns, so that they leave the pool's other
// connections to everybody else. It fails with ErrTooLong.
func (l *Ledger) Audit(ctx context.Context, asked Audited) (audit.Report, error) {
	inner, cancel := context.WithTimeout(ctx, AuditTimeout)
	defer cancel()
	select {
	case l.auditing <- struct{}{}:
		defer func() { <-l.auditing }()
	case <-inner.Done():
		return audit.Report{}, overtime(ctx, inner.Err())
	}
	// The clock is read before the snapshot is taken, so every row of what has
	// settled by then is in it.
	if settled := time.Now().Add(-asked.Settling).UTC(); asked.To.After(settled) {
		asked.To = settled
	}
	asked.within = scope.From(ctx).Within(asked.Namespace)
	report, err := l.auditOn(inner, asked)
	return report, overtime(ctx, err)
}

// overtime tells an audit that had too little time from one that was called off.
func overtime(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return ErrTooLong
	}
	return err
}

// auditOn reads three streams side by side, each on a connection of its own and all
// of one snapshot.
func (l *Ledger) auditOn(ctx context.Context, asked Audited) (report audit.Report, err error) {
	err = l.snapshot(ctx, "", func(jobs pgx.Tx, id string) error {
		reach, err := reachOf(ctx, jobs, asked)
		if err != nil {
			return err
		}
		begin, err := Beginning(ctx, jobs, reach)
		if err != nil {
			return err
		}
		if begin != nil && asked.From.Before(*begin) {
			asked.From = *begin
		}
		if asked.To.Before(asked.From) {
			asked.To = asked.From
		}
		return l.snapshot(ctx, id, func(sums pgx.Tx, _ string) error {
			return l.snapshot(ctx, id, func(runs pgx.Tx, _ string) error {
				report, err = audition{asked, jobs, sums, runs}.run(ctx)
				report.LedgerFrom = begin
				return err
			})
		})
	})
	return report, err
}

// snapshot runs do in a read-only transaction on a snapshot, or on a new one,
// and gives it the snapshot's id. One transaction may idle while another sums up.
func (l *Ledger) snapshot(ctx context.Context, id string, do func(tx pgx.Tx, id string) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, l.pool, options, func(tx pgx.Tx) error {
		if id != "" {
			if _, err := tx.Exec(ctx, `SET TRANSACTION SNAPSHOT '`+id+`'`); err != nil { // takes no parameters
				return fmt.Errorf("audit: %w", err)
			}
		}
		err := tx.QueryRow(ctx, `
			SELECT pg_export_snapshot(), set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $1, true),
				set_config('work_mem', $2, true)`,
			fmt.Sprint(AuditTimeout.Milliseconds()), sortMemory).Scan(&id, nil, nil, nil)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		return do(tx, id)
	})
}

// sortMemory is what Postgres may use to sum up rows, or to bring them into the
// order of jobs; what is beyond goes to its disk.
const sortMemory = "64MB"

// reachOf returns the namespaces that are audited: of one job, its own.
func reachOf(ctx context.Context, tx pgx.Tx, asked Audited) (scope.Scope, error) {
	if asked.Namespace != "" || asked.JobID == uuid.Nil {
		return asked.within, nil
	}
	var namespace string
	err := tx.QueryRow(ctx, `SELECT coalesce((SELECT document->>'namespace' FROM job_revisions WHERE job_id = $1 LIMIT 1), '')`, asked.JobID).Scan(&namespace)
	if err != nil {
		return scope.Scope{}, fmt.Errorf("find the job's namespace: %w", err)
	}
	return asked.within.Within(namespace), nil
}

// Beginning returns the day from which on the ledger has all runs of some
// namespaces: none before has been removed by retention, nor with its
// day; nil if there are no runs. A backfill makes partitions of days before, or of
// dropped ones, and what else ran on such a day is not known, so its runs do not
// count.
//
// Of each day one row is looked for, and the first will do, unless it is a day of
// backfills alone; those are short.
func Beginning(ctx context.Context, tx pgx.Tx, of scope.Scope) (day *time.Time, err error) {
	err = tx.QueryRow(ctx, `
		SELECT greatest(min(day), (SELECT max(begins) FROM horizons WHERE $1::text[] IS NULL OR namespace = ANY($1))) FROM (
			SELECT to_timestamp(right(relname, 8), 'YYYYMMDD') AS day
			FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'runs'::regclass
		) AS days
		WHERE (SELECT true FROM runs WHERE fire_time >= day AND fire_time < day + interval '1 day' AND kind <> 'backfill' LIMIT 1)`, of.Names()).Scan(&day)
	if err != nil {
		return nil, fmt.Errorf("find the oldest day: %w", err)
	}
	return day, nil
}
