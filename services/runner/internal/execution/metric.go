package execution

import (
	"cmp"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	inFlight = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "carillon_runner_calls_in_flight", Help: "Calls being made now.",
	})
	callsMade = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_runner_calls_total", Help: "Calls made, by the class of their failure; ok for none.",
	}, []string{"class"})
	succeeded     = callsMade.WithLabelValues("ok")
	cancellations = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_runner_cancelled_total", Help: "Runs ended because they were cancelled.",
	})
	expirations = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_runner_expired_total", Help: "Runs ended without a call because they had waited for longer than their deadline.",
	})
	callbacks = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_runner_callbacks_total", Help: "Waits for a callback that ended, by how: succeeded, failed or timeout.",
	}, []string{"result"})
	malformed = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_runner_malformed_total", Help: "Messages removed because they cannot be understood.",
	})
	queueWait = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "carillon_runner_queue_wait_seconds", Help: "From planned to the start of the first call.", Buckets: seconds,
	})
	lateness = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "carillon_runner_lateness_seconds", Help: "From the fire time to the start of the first call.", Buckets: seconds,
	})
	seconds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800}
)

// Each class is there from the start, so that the first failure of one is a rise.
func init() {
	for _, class := range wire.Classes() {
		callsMade.WithLabelValues(string(class))
	}
}

func count(class wire.Class) {
	if class == "" {
		succeeded.Inc()
		return
	}
	callsMade.WithLabelValues(string(class)).Inc()
}

func concluded(report wire.Report) {
	callbacks.WithLabelValues(cmp.Or(string(report.Class), string(report.State))).Inc()
}

func observeStart(run wire.Run, now time.Time) {
	queueWait.Observe(now.Sub(run.PlannedAt).Seconds())
	lateness.Observe(now.Sub(run.FireTime).Seconds())
}
