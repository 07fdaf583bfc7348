package recorder_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// manyJobs is how many jobs fire at once where each run of a batch is of a job of
// its own, the dearest case for statistics.
const manyJobs = 10_000

// BenchmarkRecord measures from a full OUTCOMES to committed and acknowledged,
// with statistics, and, in the same run and on the same server, bare upserts of
// the same rows. Its CPU time is that of this process: the recorder and the
// embedded NATS server. Postgres commits to disk.
func BenchmarkRecord(b *testing.B) {
	for name, of := range map[string]func(n int) wire.Outcome{
		"one job":                       answeredEmpty(succeeded),
		"ten thousand jobs":             answeredEmpty(spreadOver(manyJobs)),
		"ten thousand jobs with bodies": spreadOver(manyJobs),
	} {
		b.Run(name, func(b *testing.B) { benchRecord(b, of) })
	}
}

func benchRecord(b *testing.B, of func(n int) wire.Outcome) {
	s := newDurableStage(b)
	s.warmUp(b, of)
	s.publish(b, topology.EventFinished, of, 0, b.N)
	statements, cpu := counted(b, "carillon_recorder_statements_total"), cpuSeconds(b)
	b.ResetTimer()
	_, stop := s.start(b)
	eventually(b, s.drained)
	took := b.Elapsed()
	b.StopTimer()
	stop()

	n := float64(b.N)
	b.ReportMetric(n/took.Seconds(), "runs/s")
	b.ReportMetric((cpuSeconds(b)-cpu)*1e6/n, "cpu-µs/run")
	b.ReportMetric((counted(b, "carillon_recorder_statements_total")-statements)*100/n, "statements/100runs")
	bare := s.upsertBare(b, of)
	b.ReportMetric(n/bare.Seconds(), "raw-runs/s")
	b.ReportMetric(bare.Seconds()/took.Seconds(), "of-raw-upsert")
}

// warmUp lets every job have a run, and connections, plans and caches be made.
func (s *stage) warmUp(b *testing.B, of func(n int) wire.Outcome) {
	b.Helper()
	s.publish(b, topology.EventFinished, of, b.N, b.N+manyJobs)
	_, stop := s.start(b)
	defer stop()
	eventually(b, s.drained)
}

// spreadOver gives the runs to many jobs in turn.
func spreadOver(jobs int) func(n int) wire.Outcome {
	ids := make([]uuid.UUID, jobs)
	for i := range ids {
		ids[i] = uuid.New()
	}
	return func(n int) wire.Outcome {
		outcome := succeeded(n / jobs)
		outcome.JobID = ids[n%jobs]
		outcome.RunID = carillon.NewRunID(outcome.JobID, outcome.Kind, outcome.FireTime)
		return outcome
	}
}

// answeredEmpty leaves the answers without a body, and so most runs without a row
// for their attempt.
func answeredEmpty(of func(n int) wire.Outcome) func(n int) wire.Outcome {
	return func(n int) wire.Outcome {
		outcome := of(n)
		outcome.Attempt.Response = ""
		return outcome
	}
}

// counted reads a counter of the process.
func counted(b testing.TB, name string) float64 {
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
	return (time.Duration(usage.Utime.Nano()) + time.Duration(usage.Stime.Nano())).Seconds()
}
