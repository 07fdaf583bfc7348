package planner

import (
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	fires = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_planner_fires_total",
		Help: "Fires planned, by what was decided: queued, skipped or missed.",
	}, []string{"state"})
	lateness = promauto.NewHistogram(prometheus.HistogramOpts{
		Name:    "carillon_planner_lateness_seconds",
		Help:    "From the fire time of a batch's first run until the batch was stored.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2, 16),
	})
	commitTime = promauto.NewHistogram(prometheus.HistogramOpts{
		Name:    "carillon_planner_commit_seconds",
		Help:    "Time to collect and store one batch.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	})
	ownedPartitions = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "carillon_planner_partitions",
		Help: "Partitions that this planner plans.",
	})
	unreadable = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_planner_unreadable_definitions_total",
		Help: "Definitions of jobs that could not be read, and are not planned.",
	})
)

// observe counts a stored batch.
func observe(batch *plan.Batch, took time.Duration) {
	commitTime.Observe(took.Seconds())
	for i := range batch.Decisions {
		fires.WithLabelValues(string(batch.Decisions[i].State)).Inc()
	}
	if first := batch.Decisions[0]; first.Runs() {
		lateness.Observe(time.Since(first.At).Seconds())
	}
}
