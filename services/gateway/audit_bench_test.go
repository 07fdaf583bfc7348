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
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// BenchmarkAudit audits ledgers of some sizes, written in the order of time as the
// recorder does, and reads all their rows once and does nothing with them. The
// heap's peak must not grow with them.
func BenchmarkAudit(b *testing.B) {
	sizes := []struct{ jobs, minutes int }{{10_000, 10}, {10_000, 100}}
	if *full {
		sizes = append(sizes, struct{ jobs, minutes int }{1_000, 7 * 24 * 60})
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d jobs x %d minutes", size.jobs, size.minutes), func(b *testing.B) { benchmarkAudit(b, size.jobs, size.minutes) })
	}
}

func benchmarkAudit(b *testing.B, jobs, minutes int) {
	pool, err := postgres.Open(b.Context(), postgres.Config{URL: pgtest.Database(b), StatementTimeout: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	fill(b, pool, jobs, minutes)
	question := ledger.Audited{Timed: true, Window: audit.Window{From: noon, To: noon.Add(time.Duration(minutes) * time.Minute)}}
	b.Run("audit", func(b *testing.B) {
		l, peak := ledger.New(pool), watchHeap(b)
		for b.Loop() {
			report, err := l.Audit(b.Context(), question)
			if err != nil || report.Expected != jobs*minutes || report.Unexplained+report.Unexpected != 0 {
				b.Fatal(report.Expected, report.Unexplained, report.Unexpected, err)
			}
		}
		b.ReportMetric(float64(jobs*minutes*b.N)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(peak(), "MiB-peak")
	})
	b.Run("raw read", func(b *testing.B) {
		for b.Loop() {
			if n := readRaw(b, pool); n != jobs*minutes {
				b.Fatal(n, "rows")
			}
		}
		b.ReportMetric(float64(jobs*minutes*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// readRaw reads what an audit needs of each row, in no order.
func readRaw(b *testing.B, pool *pgxpool.Pool) (n int) {
	b.Helper()
	rows, err := pool.Query(b.Context(), `SELECT job_id, id, fire_time, state, revision, started_at FROM runs`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		_ = rows.RawValues()
		n++
	}
	return n
}

// fill makes jobs that fire every minute, and the ledger of that.
func fill(b *testing.B, pool *pgxpool.Pool, jobs, minutes int) {
	b.Helper()
	ids := make([]uuid.UUID, jobs)
	for i := range ids {
		ids[i] = carillon.NewJobID()
	}
	document := []byte(`{"namespace": "default", "name": "tick", "schedule": {"cron": "* * * * *"}, "target": {"url": "https://example.com/x"}}`)
	load(b, pool, "job_revisions", []string{"job_id", "revision", "action", "document", "effective_from", "actor"}, jobs, func(i int) []any {
		return []any{ids[i], 1, "created", document, noon, "test"}
	})
	for day := noon; !day.After(noon.Add(time.Duration(minutes) * time.Minute)); day = day.AddDate(0, 0, 1) {
		if _, err := pool.Exec(b.Context(), `SELECT ensure_day_partition($1::date)`, day); err != nil {
			b.Fatal(err)
		}
	}
	columns := []string{"id", "fire_time", "job_id", "job_name", "namespace", "kind", "state", "revision", "queue", "attempts", "planned_at", "started_at", "finished_at"}
	shuffled := slices.Clone(ids)
	slices.SortFunc(shuffled, func(x, y uuid.UUID) int { return bytes.Compare(x[8:], y[8:]) })
	load(b, pool, "runs", columns, jobs*minutes, func(i int) []any {
		job, at := shuffled[i%jobs], noon.Add(time.Duration(i/jobs)*time.Minute)
		return []any{carillon.NewRunID(job, carillon.KindSchedule, at), at, job, "tick", "default", "schedule", "succeeded", 1, "default", 1, at, at.Add(time.Duration(i%50) * time.Millisecond), at}
	})
	if _, err := pool.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
}

func load(b *testing.B, pool *pgxpool.Pool, table string, columns []string, n int, row func(int) []any) {
	b.Helper()
	source := pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil })
	if _, err := pool.CopyFrom(b.Context(), pgx.Identifier{table}, columns, source); err != nil {
		b.Fatal(err)
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
