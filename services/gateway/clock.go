package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var clockSkew = promauto.NewGauge(prometheus.GaugeOpts{
	Name: "carillon_gateway_clock_skew_seconds", Help: "By how much this machine's clock is ahead of the NATS server's.",
})

// mostSkew is how far a clock may be off, as for planners. A gateway says from when
// a change holds, and when a run by hand is due: one that is ahead delays both, and
// every later change of the same thing, whoever makes it.
const mostSkew = 500 * time.Millisecond

// watchClock keeps the health of this machine's clock true. While NATS is away, it
// stays what it was.
func (s *start) watchClock(ctx context.Context) {
	for ctx.Err() == nil {
		asked, cancel := context.WithTimeout(ctx, lookTimeout)
		sent := time.Now()
		stream, err := s.js.Stream(asked, topology.JobsStream)
		received := time.Now()
		cancel()
		if err == nil {
			skew, uncertain := compare(sent, received, stream.CachedInfo().TimeStamp)
			clockSkew.Set(skew.Seconds())
			s.report(partClock, tooFar(skew, uncertain))
		}
		lull.For(ctx, retryEvery)
	}
}

// compare returns by how much this machine's clock is ahead of a server that said its
// time between two instants, and by how much that may be off.
func compare(sent, received, server time.Time) (skew, uncertain time.Duration) {
	uncertain = received.Sub(sent) / 2
	return sent.Add(uncertain).Sub(server), uncertain
}

// tooFar says what is wrong with a clock, where there is no doubt.
func tooFar(skew, uncertain time.Duration) error {
	if skew.Abs()-uncertain <= mostSkew {
		return nil
	}
	return fmt.Errorf("this machine's clock and the NATS server's are %s apart", skew.Abs().Round(time.Millisecond))
}
