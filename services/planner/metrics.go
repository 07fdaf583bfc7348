package planner

import (
	"slices"
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
	heldFires = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "carillon_planner_held_fires",
		Help: "Fires that wait for an earlier run of their job to end.",
	})
	clockSkew = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "carillon_planner_clock_skew_seconds",
		Help: "By how much this machine's clock is ahead of the NATS server's.",
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
	first := slices.IndexFunc(batch.Decisions, func(d plan.Decision) bool { return d.Prompt() })
	if first >= 0 {
		lateness.Observe(time.Since(batch.Decisions[first].At).Seconds())
	}
}
