package backfill

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// standing is how a fire stands: the best that its runs came to.
type standing uint8

const (
	gap standing = iota
	skipped
	failed
	succeeded
	underWay
)

func standingOf(state carillon.State) standing {
	switch state {
	case carillon.StateQueued, carillon.StateRunning, carillon.StateRetrying:
		return underWay
	case carillon.StateSucceeded:
		return succeeded
	case carillon.StateFailed, carillon.StateCancelled:
		return failed
	case carillon.StateSkipped:
		return skipped
	case carillon.StateMissed, carillon.StateExpired, carillon.StateLost:
		return gap
	}
	return gap
}

// Ledger is what is known of a job's fires. Make one with NewLedger. It is not
// safe for concurrent use.
type Ledger struct {
	keptFrom, created time.Time
	fires             map[int64]standing // by the second of the fire time
}

// NewLedger returns a ledger without runs, that keeps what was from an instant
// on, of a job that was created at another. With a zero first instant it keeps all.
func NewLedger(keptFrom, created time.Time) *Ledger {
	return &Ledger{keptFrom, created, map[int64]standing{}}
}

// Add notes a run of a fire.
func (l *Ledger) Add(fire time.Time, state carillon.State) { l.raise(fire, standingOf(state)) }

// AddWaiting notes that a run of a fire is still to come.
func (l *Ledger) AddWaiting(fire time.Time) { l.raise(fire, underWay) }

func (l *Ledger) raise(fire time.Time, s standing) {
	l.fires[fire.Unix()] = max(l.fires[fire.Unix()], s)
}

// unknown reports whether a run of the fire would not be kept any more.
func (l *Ledger) unknown(fire time.Time) bool {
	_, seen := l.fires[fire.Unix()]
	return !seen && fire.Before(l.keptFrom) && !fire.Before(l.created)
}
