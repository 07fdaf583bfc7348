package ledger

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/sync/errgroup"
)

// audition is one audit under way, in three transactions of one snapshot.
type audition struct {
	Audited
	jobs, sums, runs pgx.Tx
}

// run compares. While the fires of the first jobs are computed here, Postgres sums
// up the rows, and counts how late they began.
func (a audition) run(ctx context.Context) (report audit.Report, err error) {
	group, ctx := errgroup.WithContext(ctx)
	digests, counted := make(chan audit.Digest, 1000), make(chan struct{})
	var late audit.Lateness
	group.Go(func() error { return a.sendDigests(ctx, digests) })
	group.Go(func() (err error) {
		defer close(counted)
		if a.Timed {
			late, err = a.readLateness(ctx)
		}
		return err
	})
	group.Go(func() (err error) {
		report, err = a.compare(ctx, digests, counted)
		return err
	})
	err = group.Wait()
	report.Late = late
	return report, err
}

func (a audition) sendDigests(ctx context.Context, to chan<- audit.Digest) error {
	defer close(to)
	rows, err := a.digests(ctx, a.sums)
	if err != nil {
		return err
	}
	var d audit.Digest
	var hash int64
	_, err = pgx.ForEachRow(rows, []any{(*[16]byte)(&d.Job), &d.Revision, (*string)(&d.State), &d.Count, &hash}, func() error {
		d.Hash = uint64(hash)
		select {
		case to <- d:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return wrapped(err)
}

func (a audition) readLateness(ctx context.Context) (audit.Lateness, error) {
	rows, err := a.lateness(ctx, a.runs)
	if err != nil {
		return audit.Lateness{}, err
	}
	buckets, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b audit.Bucket, err error) {
		var us int64
		err = row.Scan(&b.Number, &b.Count, &b.Late, &us)
		b.Max = time.Duration(us) * time.Microsecond
		return b, err
	})
	return audit.NewLateness(a.Late, buckets), wrapped(err)
}

// compare reads rows one by one on the connection on which lateness was counted.
func (a audition) compare(ctx context.Context, digests <-chan audit.Digest, counted <-chan struct{}) (audit.Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pauses, err := Pauses(ctx, a.jobs, a.Namespace, a.From, a.To)
	if err != nil {
		return audit.Report{}, err
	}
	revisions, err := a.revisions(ctx, a.jobs)
	if err != nil {
		return audit.Report{}, err
	}
	defer revisions.Close()
	defer cancel() // before, or it would read them to their end
	return audit.Compare(a.Window, pauses, revisionsOf(ctx, revisions), audit.Ledger{
		Digests: received(digests),
		Rows: func(jobs []uuid.UUID) audit.Source[audit.Row] {
			<-counted
			return rowsOf(a.rows(ctx, a.runs, jobs))
		},
	})
}

// received yields what comes by a channel until it is closed.
func received[T any](all <-chan T) audit.Source[T] {
	return func() (T, error) {
		next, ok := <-all
		if !ok {
			return next, io.EOF
		}
		return next, nil
	}
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
func rowsOf(rows pgx.Rows, err error) audit.Source[audit.Row] {
	var r audit.Row
	var started pgtype.Timestamptz
	into := []any{(*[16]byte)(&r.Job), (*[16]byte)(&r.ID), &r.At, (*string)(&r.State), &r.Revision, &r.PlannedAt, &started, &r.Backfill}
	return func() (audit.Row, error) {
		if err != nil {
			return r, err
		}
		if !rows.Next() {
			return r, endOf(rows)
		}
		err = rows.Scan(into...)
		r.StartedAt = started.Time
		return r, err
	}
}

// endOf is io.EOF after the last row, and otherwise why there are no more.
func endOf(rows pgx.Rows) error {
	if err := rows.Err(); err != nil {
		return wrapped(err)
	}
	return io.EOF
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}
