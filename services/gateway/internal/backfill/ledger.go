package backfill

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// standing is how a fire stands: the best that its runs came to.
type standing uint8

const (
	hole standing = iota
	gap
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

// Add notes a row of a run of a fire.
func (l *Ledger) Add(fire time.Time, state carillon.State) { l.raise(fire, standingOf(state)) }

// AddWaiting notes that a run of a fire is still to come.
func (l *Ledger) AddWaiting(fire time.Time) { l.raise(fire, underWay) }

// AddAllWaiting notes that of each fire a run is still to come.
func (l *Ledger) AddAllWaiting(fires []time.Time) {
	for _, at := range fires {
		l.AddWaiting(at)
	}
}

// AddUndecided notes which of some fires, ascending, the planner has yet to decide. The
// mark is that of the job's partition; the revisions are all that the job has, with
// the newest first.
func (l *Ledger) AddUndecided(mark wire.Mark, newestFirst []*audit.Revision, pauses []audit.Pause, fires []time.Time) {
	job := newestFirst[0].Job
	for len(fires) > 0 && mark.Covers(fires[0], job) {
		fires = fires[1:]
	}
	if len(fires) == 0 {
		return
	}
	end := fires[len(fires)-1].Add(time.Nanosecond)
	for at := range audit.Expected(copies(newestFirst), pauses, fires[0], end) {
		if _, asked := slices.BinarySearchFunc(fires, at, time.Time.Compare); asked {
			l.AddWaiting(at)
		}
	}
}

// copies returns revisions that an audit may write to.
func copies(revisions []*audit.Revision) []*audit.Revision {
	all := make([]*audit.Revision, len(revisions))
	for i, r := range revisions {
		c := *r
		all[i] = &c
	}
	return all
}

func (l *Ledger) raise(fire time.Time, s standing) {
	l.fires[fire.Unix()] = max(l.fires[fire.Unix()], s)
}

// unknown reports whether a run of the fire would not be kept any more.
func (l *Ledger) unknown(fire time.Time) bool {
	_, seen := l.fires[fire.Unix()]
	return !seen && fire.Before(l.keptFrom) && !fire.Before(l.created)
}
