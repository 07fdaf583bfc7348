package writer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	batchSizes = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "carillon_recorder_batch_events", Help: "Events in a recorded batch.",
		Buckets: []float64{1, 3, 10, 30, 100, 300, 1000, 3000},
	})
	commitSeconds = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "carillon_recorder_commit_seconds", Help: "From a decoded batch to its commit, tries included.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
	})
)

// observe measures and traces a batch that was recorded between two instants.
func observe(events []*event, from, to time.Time) {
	batchSizes.Observe(float64(len(events)))
	commitSeconds.Observe(to.Sub(from).Seconds())
	traceRecorded(events, from, to)
}
