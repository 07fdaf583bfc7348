package gateway

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// longAgo is where the ledgers longAgo: long enough ago that all of them have ended.
var longAgo = noon.AddDate(0, 0, -8)

// auditSize is how much an audit reads: so many jobs that fire every minute.
type auditSize struct{ jobs, minutes int }

func (s auditSize) rows() int { return s.jobs * s.minutes }

// TestAnAuditReadsTheWholeLedger is the benchmark in small.
func TestAnAuditReadsTheWholeLedger(t *testing.T) {
	t.Parallel()
	size := auditSize{jobs: 100, minutes: 20}
	pool := filled(t, size)
	auditAll(t, ledger.New(pool), size)
	readAll(t, pool, size)
}

// BenchmarkAudit audits ledgers of some sizes, written in the order of time as the
// recorder does, and reads all their rows once and does nothing with them. The
// heap's peak must not grow with them.
func BenchmarkAudit(b *testing.B) {
	sizes := []auditSize{{10_000, 10}, {10_000, 100}}
	if *full {
		sizes = append(sizes, auditSize{1_000, 7 * 24 * 60})
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d jobs x %d minutes", size.jobs, size.minutes), func(b *testing.B) { benchmarkAudit(b, size) })
	}
}

func benchmarkAudit(b *testing.B, size auditSize) {
	pool := filled(b, size)
	b.Run("audit", func(b *testing.B) {
		l, peak := ledger.New(pool), watchHeap(b)
		for b.Loop() {
			auditAll(b, l, size)
		}
		b.ReportMetric(float64(size.rows()*b.N)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(peak(), "MiB-peak")
	})
	b.Run("raw read", func(b *testing.B) {
		for b.Loop() {
			readAll(b, pool, size)
		}
		b.ReportMetric(float64(size.rows()*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// auditAll audits a ledger in which all is as it should be.
func auditAll(tb testing.TB, l *ledger.Ledger, size auditSize) {
	tb.Helper()
	window := audit.Window{From: longAgo, To: longAgo.Add(time.Duration(size.minutes) * time.Minute)}
	report, err := l.Audit(scope.With(tb.Context(), scope.All()), ledger.Audited{Timed: true, Window: window})
	if err != nil || report.Expected != size.rows() || report.Unexplained+report.Unexpected != 0 {
		tb.Fatal(report.Expected, report.Unexplained, report.Unexpected, err)
	}
}

// readAll reads what an audit needs of each row, in no order.
func readAll(tb testing.TB, pool *pgxpool.Pool, size auditSize) {
	tb.Helper()
	rows, err := pool.Query(tb.Context(), `SELECT job_id, id, fire_time, state, revision, started_at FROM runs`)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		_ = rows.RawValues()
	}
	if n != size.rows() {
		tb.Fatal(n, "rows", rows.Err())
	}
}

// filled is a database with jobs, and the ledger of their runs.
func filled(tb testing.TB, size auditSize) *pgxpool.Pool {
	tb.Helper()
	// To look through millions of new rows for the planner's sake takes its time.
	pool, err := postgres.Open(tb.Context(), postgres.Config{URL: pgtest.Database(tb), StatementTimeout: 10 * time.Minute})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	jobs := size.jobs
	ids := make([]uuid.UUID, jobs)
	for i := range ids {
		ids[i] = carillon.NewJobID()
	}
	document := []byte(`{"namespace": "default", "name": "tick", "schedule": {"cron": "* * * * *"}, "target": {"url": "https://example.com/x"}}`)
	load(tb, pool, "job_revisions", []string{"job_id", "revision", "action", "document", "effective_from", "actor"}, jobs, func(i int) []any {
		return []any{ids[i], 1, "created", document, longAgo, "test"}
	})
	for day := longAgo; !day.After(longAgo.Add(time.Duration(size.minutes) * time.Minute)); day = day.AddDate(0, 0, 1) {
		if _, err := pool.Exec(tb.Context(), `SELECT ensure_day_partition($1::date)`, day); err != nil {
			tb.Fatal(err)
		}
	}
	columns := []string{"id", "fire_time", "job_id", "job_name", "namespace", "kind", "state", "revision", "queue", "attempts", "planned_at", "started_at", "finished_at"}
	shuffled := slices.Clone(ids)
	slices.SortFunc(shuffled, func(x, y uuid.UUID) int { return bytes.Compare(x[8:], y[8:]) })
	load(tb, pool, "runs", columns, size.rows(), func(i int) []any {
		job, at := shuffled[i%jobs], longAgo.Add(time.Duration(i/jobs)*time.Minute)
		return []any{carillon.NewRunID(job, carillon.KindSchedule, at), at, job, "tick", "default", "schedule", "succeeded", 1, "default", 1, at, at.Add(time.Duration(i%50) * time.Millisecond), at}
	})
	if _, err := pool.Exec(tb.Context(), `VACUUM ANALYZE`); err != nil {
		tb.Fatal(err)
	}
	return pool
}

// load fills a table, in pieces that are small beside the statement timeout.
func load(tb testing.TB, pool *pgxpool.Pool, table string, columns []string, n int, row func(int) []any) {
	tb.Helper()
	const piece = 100_000
	for from := 0; from < n; from += piece {
		source := pgx.CopyFromSlice(min(piece, n-from), func(i int) ([]any, error) { return row(from + i), nil })
		if _, err := pool.CopyFrom(tb.Context(), pgx.Identifier{table}, columns, source); err != nil {
			tb.Fatal(err)
		}
	}
}

// watchHeap returns a function that ends the watch and is the highest heap seen.
func watchHeap(b *testing.B) (peak func() float64) {
	runtime.GC()
	ctx, cancel := context.WithCancel(b.Context())
	highest := make(chan uint64)
	go func() {
		var top uint64
		var stats runtime.MemStats
		for tick := time.Tick(20 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				highest <- top
				return
			case <-tick:
				runtime.ReadMemStats(&stats)
				top = max(top, stats.HeapAlloc)
			}
		}
	}()
	return func() float64 {
		cancel()
		return float64(<-highest) / (1 << 20)
	}
}
