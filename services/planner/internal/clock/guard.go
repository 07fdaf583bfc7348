package clock

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Limit is how far a clock may be off. A clock that was wrong is trusted again
// below half of it, so that one at the limit does not come and go.
const Limit = 500 * time.Millisecond

// Reading is what a machine's clocks say at one moment.
type Reading struct {
	Wall   time.Time     // the time of day
	Steady time.Duration // since some moment; never set
}

// System returns a source of readings of this machine's clocks.
func System() func() Reading {
	start := time.Now()
	return func() Reading {
		now := time.Now()
		return Reading{Wall: now.Round(0), Steady: now.Sub(start)}
	}
}

// errUnknown says that the clock has not been compared yet.
var errUnknown = errors.New("this machine's clock has not been compared with the NATS server's yet")

// Guard judges one machine's clock. It is safe for concurrent use.
type Guard struct {
	mu      sync.Mutex
	answers answers // of the server, since the last step
	base    Reading // of the last comparison that was good
	reason  error   // why the clock is not trusted; nil if it is
}

// NewGuard returns a guard that trusts nothing before the first comparison.
func NewGuard() *Guard { return &Guard{reason: errUnknown} }

// Check returns nil if fires may be planned by a reading, or else why not.
func (g *Guard) Check(now Reading) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reason != nil {
		return g.reason
	}
	if step := drift(g.base, now); step.Abs() > Limit {
		g.answers = nil // if the machine slept, its steady clock stood still
		g.reason = fmt.Errorf("this machine's clock was set by %s and has to be compared with the NATS server's", short(step))
	}
	return g.reason
}

// Compare takes in the server's time, asked for and received at two readings. It
// returns by how much this clock is ahead, as well as the last few answers tell.
// An answer during which the clock was set changes nothing.
func (g *Guard) Compare(sent, received Reading, server time.Time) (skew time.Duration, ok bool) {
	if drift(sent, received).Abs() > Limit/2 {
		return 0, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	best := g.answers.add(newAnswer(sent, received, server))
	skew = best.skew(received)
	g.judge(received, skew, best.uncertain)
	return skew, true
}

// judge decides by a skew that may be off by some uncertainty, either way. What
// is too uncertain to tell is no reason to distrust, and none to trust.
func (g *Guard) judge(now Reading, skew, uncertain time.Duration) {
	least, most := skew.Abs()-uncertain, skew.Abs()+uncertain
	switch {
	case least > Limit:
		g.reason = wrong(skew)
	case most > Limit && g.reason == nil:
	case most > Limit && least <= Limit/2:
		g.reason = unclear(2 * uncertain)
	case skew.Abs() > Limit/2 && g.reason != nil:
		g.reason = wrong(skew)
	default:
		g.base, g.reason = now, nil
	}
}

func unclear(trip time.Duration) error {
	return fmt.Errorf("the link to NATS is too slow to tell whether this machine's clock is right (round trip %s, at most %s is of use)",
		short(trip), 2*Limit)
}

func wrong(skew time.Duration) error {
	side := "ahead of"
	if skew < 0 {
		side = "behind"
	}
	return fmt.Errorf("this machine's clock is %s %s the NATS server's, and nothing is planned here until they agree to %s: let chrony or systemd-timesyncd set both",
		short(skew.Abs()), side, Limit/2)
}

// drift is by how much the time of day went on more than the steady clock.
func drift(from, to Reading) time.Duration {
	return to.Wall.Sub(from.Wall) - (to.Steady - from.Steady)
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
