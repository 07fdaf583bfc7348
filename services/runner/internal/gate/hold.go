package gate

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Cause is why a run is held.
type Cause string

// The causes.
const (
	Cooldown Cause = "cooldown"
	Broken   Cause = "breaker"
	Crowded  Cause = "crowd"
)

// Hold says that a run is to be parked, and called later.
type Hold struct {
	Cause Cause
	// For is how long, at least a second.
	For time.Duration
	// Reason is a short sentence.
	Reason string
}

var held = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "carillon_runner_held_total", Help: "Runs parked instead of being called, by cause: cooldown, breaker or crowd.",
}, []string{"cause"})

const (
	shortest = time.Second
	// longestCrowd bounds a hold for a host that is quiet.
	longestCrowd = 10 * time.Second
	// apart is how far apart held runs of a host come back to this runner: a
	// thousand of them that are held again and again must not keep it busy.
	apart = 10 * time.Millisecond
	// longestSpread bounds the random time by which holds are told apart.
	longestSpread = 30 * time.Second
)

// hold makes a hold of about the given time. A random part, a quarter of it but a
// second at least, keeps those that wait together from coming back together.
func (g *Gate) hold(cause Cause, host string, wait time.Duration, now time.Time) *Hold {
	held.WithLabelValues(string(cause)).Inc()
	wait = max(wait, shortest)
	wait += g.jitter(min(max(wait/4, shortest), longestSpread))
	return &Hold{Cause: cause, For: wait, Reason: reason(cause, host, now.Add(wait))}
}

// reason says first until when: of two such reasons of a run, the ledger keeps the
// one that comes later in the alphabet.
func reason(cause Cause, host string, at time.Time) string {
	why := "is slow to answer"
	switch cause {
	case Cooldown:
		why = "asked not to be called for a while (Retry-After)"
	case Broken:
		why = "has failed again and again"
	}
	return fmt.Sprintf("waits until %s: %s %s", at.UTC().Format(time.RFC3339), host, why)
}
