package recorder_test

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	benchBatch   = 1000
	benchWriters = 2
)

// BenchmarkRecord measures from a full OUTCOMES to committed and acknowledged,
// and, in the same run, the same statements alone, fed from memory. Its CPU time
// is that of this process: the recorder and the embedded NATS server.
func BenchmarkRecord(b *testing.B) {
	s := newStage(b)
	s.publish(b, topology.EventFinished, succeeded, 0, b.N)
	statements, cpu := counted(b, "carillon_recorder_statements_total"), cpuSeconds(b)
	b.ResetTimer()
	s.start(b)
	eventually(b, s.drained)
	took := b.Elapsed()
	b.StopTimer()

	n := float64(b.N)
	b.ReportMetric(n/took.Seconds(), "runs/s")
	b.ReportMetric((cpuSeconds(b)-cpu)*1e6/n, "cpu-µs/run")
	b.ReportMetric((counted(b, "carillon_recorder_statements_total")-statements)*100/n, "statements/100runs")
	b.ReportMetric(s.alone(b).Seconds()/took.Seconds(), "of-raw-upsert")
}

// alone records the outcomes again, into empty tables, with nothing else to do.
func (s *stage) alone(b *testing.B) time.Duration {
	b.Helper()
	outcomes := make([]*wire.Outcome, b.N)
	for n := range outcomes {
		outcome := succeeded(n)
		outcomes[n] = &outcome
	}
	if _, err := s.pool.Exec(b.Context(), "TRUNCATE runs, attempts"); err != nil {
		b.Fatal(err)
	}
	l, batches := ledger.New(s.pool), make(chan []*wire.Outcome, len(outcomes))
	for batch := range slices.Chunk(outcomes, benchBatch) {
		batches <- batch
	}
	close(batches)
	began := time.Now()
	var wait sync.WaitGroup
	for range benchWriters {
		wait.Go(func() {
			for batch := range batches {
				if err := l.Record(context.Background(), batch); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return time.Since(began)
}

// counted reads a counter of the process.
func counted(b *testing.B, name string) float64 {
	b.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}

func cpuSeconds(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}
