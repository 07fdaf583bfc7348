package recorder_test

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// manyJobs is how many jobs take turns, so that every run of a batch is of another
// one: the dearest case for statistics.
const manyJobs = 10_000

// BenchmarkRecord measures from a full OUTCOMES to committed and acknowledged,
// with statistics, and, in the same run and on the same server, bare upserts of
// the same rows. Postgres commits to disk. CPU times are those of this process,
// which is recorder and NATS server, and of Postgres's connections: on a machine
// that is busy with other work, they say more than the clock does.
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
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as in carillon up
	s := newDurableStage(b)
	s.warmUp(b, of)
	batches := s.bareBatches(b, of)
	bare := s.measure(b, func() { s.upsertBare(b, batches) })
	s.publish(b, topology.EventFinished, of, 0, b.N)
	statements := counted(b, "carillon_recorder_statements_total")
	b.ResetTimer()
	_, stop := s.start(b)
	whole := s.measure(b, func() { eventually(b, s.drained) })
	b.StopTimer()
	stop()

	n := float64(b.N)
	b.ReportMetric(n/whole.wall.Seconds(), "runs/s")
	b.ReportMetric(n/bare.wall.Seconds(), "bare-runs/s")
	b.ReportMetric(bare.wall.Seconds()/whole.wall.Seconds(), "of-bare")
	b.ReportMetric(whole.here.Seconds()*1e6/n, "cpu-µs/run")
	b.ReportMetric(whole.postgres.Seconds()*1e6/n, "pg-cpu-µs/run")
	b.ReportMetric((bare.here+bare.postgres).Seconds()/(whole.here+whole.postgres).Seconds(), "of-bare-by-cpu")
	b.ReportMetric((counted(b, "carillon_recorder_statements_total")-statements)*100/n, "statements/100runs")
}

// cost is what something took.
type cost struct{ wall, here, postgres time.Duration }

// measure finds out what a deed costs. The connections that it uses must be there
// before or be new.
func (s *stage) measure(b *testing.B, deed func()) cost {
	b.Helper()
	began, here, postgres := time.Now(), cpuTime(b), s.postgresCPU(b)
	deed()
	return cost{time.Since(began), cpuTime(b) - here, s.postgresCPU(b) - postgres}
}

// warmUp lets every job have a run, and caches be filled.
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
