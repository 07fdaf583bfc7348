package recorder_test

import (
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5/pgtype"
)

// As many rows in a statement and statements at once as a recorder has.
const (
	bareBatch   = 1000
	bareWriters = 2
)

// bareTable is one like runs, of a single partition.
const bareTable = `CREATE TABLE bare (LIKE runs INCLUDING ALL)`

// bareUpsert writes rows as plainly as it can be done.
const bareUpsert = `
INSERT INTO bare (id, fire_time, job_id, job_name, namespace, kind, state, reason, revision, queue,
                  attempts, status, planned_at, started_at, finished_at)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::bigint[], $10::text[], $11::int[], $12::int[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[])
ON CONFLICT (fire_time, id) DO UPDATE SET state = excluded.state, reason = excluded.reason, attempts = excluded.attempts,
    status = excluded.status, started_at = excluded.started_at, finished_at = excluded.finished_at`

// upsertBare writes the rows of batches, with nothing else to do.
func (s *stage) upsertBare(b *testing.B, batches <-chan []any) {
	b.Helper()
	var wait sync.WaitGroup
	for range bareWriters {
		wait.Go(func() {
			for columns := range batches {
				if _, err := s.pool.Exec(b.Context(), bareUpsert, columns...); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

// bareBatches makes the rows of b.N outcomes in advance, and the table for them.
func (s *stage) bareBatches(b *testing.B, of func(n int) wire.Outcome) <-chan []any {
	b.Helper()
	if _, err := s.pool.Exec(b.Context(), bareTable); err != nil {
		b.Fatal(err)
	}
	batches := make(chan []any, b.N/bareBatch+1)
	for from := 0; from < b.N; from += bareBatch {
		batches <- bareColumns(of, from, min(from+bareBatch, b.N))
	}
	close(batches)
	return batches
}

func bareColumns(of func(n int) wire.Outcome, from, to int) []any {
	outcomes := make([]wire.Outcome, 0, to-from)
	for n := from; n < to; n++ {
		outcomes = append(outcomes, of(n))
	}
	return []any{
		bareColumn(outcomes, func(o *wire.Outcome) pgtype.UUID { return pgtype.UUID{Bytes: o.RunID, Valid: true} }),
		bareColumn(outcomes, func(o *wire.Outcome) time.Time { return o.FireTime }),
		bareColumn(outcomes, func(o *wire.Outcome) pgtype.UUID { return pgtype.UUID{Bytes: o.JobID, Valid: true} }),
		bareColumn(outcomes, func(o *wire.Outcome) string { return o.Job }),
		bareColumn(outcomes, func(o *wire.Outcome) string { return o.Namespace }),
		bareColumn(outcomes, func(o *wire.Outcome) string { return string(o.Kind) }),
		bareColumn(outcomes, func(o *wire.Outcome) string { return string(o.State) }),
		bareColumn(outcomes, func(o *wire.Outcome) string { return o.Reason }),
		bareColumn(outcomes, func(o *wire.Outcome) int64 { return o.Revision }),
		bareColumn(outcomes, func(o *wire.Outcome) string { return o.Queue }),
		bareColumn(outcomes, func(o *wire.Outcome) int32 { return int32(o.Attempts) }),
		bareColumn(outcomes, func(o *wire.Outcome) int32 { return int32(o.Attempt.Status) }),
		bareColumn(outcomes, func(o *wire.Outcome) time.Time { return o.PlannedAt }),
		bareColumn(outcomes, func(o *wire.Outcome) time.Time { return o.StartedAt }),
		bareColumn(outcomes, func(o *wire.Outcome) time.Time { return o.FinishedAt }),
	}
}

func bareColumn[V any](outcomes []wire.Outcome, value func(*wire.Outcome) V) []V {
	values := make([]V, len(outcomes))
	for i := range outcomes {
		values[i] = value(&outcomes[i])
	}
	return values
}
