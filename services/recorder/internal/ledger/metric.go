package ledger

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	statements = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_recorder_statements_total", Help: "SQL statements sent by the recorder.",
	})
	recorded = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_recorder_runs_total", Help: "Ends of runs recorded, each once.",
	})
	lagSeconds = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "carillon_recorder_lag_seconds", Help: "From the end of a run to its commit.",
		Buckets: prometheus.ExponentialBuckets(0.005, 2, 16),
	})
)

// observe counts the ends that a transaction has added. One that is told again, or
// otherwise, was counted before.
func observe(ends []end, committed time.Time) {
	for _, e := range ends {
		if e.was.State != "" {
			continue
		}
		recorded.Inc()
		if !e.is.FinishedAt.IsZero() {
			lagSeconds.Observe(committed.Sub(e.is.FinishedAt).Seconds())
		}
	}
}
