package auditor

import (
	"sync/atomic"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const unexplained = "unexplained"

var (
	fires = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_gateway_audited_fires_total", Help: "Fires that were judged by audits of this gateway's own, by verdict: explained, pending or unexplained.",
	}, []string{"verdict"})
	oddRows = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_gateway_odd_rows_total", Help: "Rows that audits of this gateway's own found and that no fire calls for: unexpected or stale.",
	}, []string{"kind"})
	_ = promauto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "carillon_gateway_audit_lag_seconds", Help: "Age of the newest fire that was judged, as far as this gateway knows.",
	}, func() float64 { return judged.lag(time.Now()).Seconds() })
	judged frontier
)

// frontier is until when fires were judged, as far as this process knows. It stands
// still, and the lag grows, when nobody can tell how far audits are.
type frontier struct{ at atomic.Pointer[time.Time] }

func (f *frontier) reach(at time.Time) { f.at.Store(&at) }

// lag is how old the frontier is; 0 before it was anywhere.
func (f *frontier) lag(now time.Time) time.Duration {
	at := f.at.Load()
	if at == nil {
		return 0
	}
	return now.Sub(*at)
}

func count(r audit.Report) {
	fires.WithLabelValues("explained").Add(float64(r.Expected - r.Pending - r.Unexplained))
	fires.WithLabelValues("pending").Add(float64(r.Pending))
	fires.WithLabelValues(unexplained).Add(float64(r.Unexplained))
	oddRows.WithLabelValues("unexpected").Add(float64(r.Unexpected))
	oddRows.WithLabelValues("stale").Add(float64(r.Stale))
}
