package retention

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	removed = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_recorder_retention_runs_total", Help: "Runs removed because of their age, by how.",
	}, []string{"how"})
	daySeconds = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "carillon_recorder_retention_day_seconds", Help: "Removing what is too old of one day, waiting included.",
		Buckets: prometheus.ExponentialBuckets(0.01, 3, 12),
	}, []string{"how"})
	failures = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_recorder_retention_failures_total", Help: "Sweeps that left something for the next.",
	})
)

func observe(done verdict, took time.Duration) {
	removed.WithLabelValues(string(done.how)).Add(float64(done.expired))
	daySeconds.WithLabelValues(string(done.how)).Observe(took.Seconds())
}
