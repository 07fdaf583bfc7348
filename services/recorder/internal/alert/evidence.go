package alert

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// Run is what an alert goes by of a run that has ended.
type Run struct {
	FireTime time.Time
	State    carillon.State
	// Lateness is from the fire time to the first call, for runs of the schedule that
	// were called. Duration is from there to the end.
	Lateness, Duration time.Duration
}

// RunOf returns the run that an outcome is the end of; false if it is none that
// matters. Runs of a backfill do not: somebody is watching them.
func RunOf(o *wire.Outcome) (Run, bool) {
	run := Run{FireTime: o.FireTime, State: o.State}
	if !o.StartedAt.IsZero() {
		run.Duration = o.FinishedAt.Sub(o.StartedAt)
		if o.Kind == carillon.KindSchedule {
			run.Lateness = o.StartedAt.Sub(o.FireTime)
		}
	}
	return run, o.State.Final() && o.Kind != carillon.KindBackfill
}

// failed and missed are the two ways to end badly.
func (r Run) failed() bool {
	return r.State == carillon.StateFailed || r.State == carillon.StateLost
}
func (r Run) missed() bool {
	return r.State == carillon.StateMissed || r.State == carillon.StateExpired
}

// MinLateness is the least that may count as late: what lies below it need not be
// looked at.
const MinLateness = time.Second

// Suspicious reports whether a run may raise an alert of some job's, but for slow.
func (r Run) Suspicious() bool { return r.failed() || r.missed() || r.Lateness >= MinLateness }

// Evidence is what a job's runs have shown since the last look: of each sort the
// worst, or the newest. The zero Evidence is none.
type Evidence struct{ Failed, Missed, Latest, Longest Run }

// Add notes a run.
func (e *Evidence) Add(r Run) {
	if r.failed() && r.FireTime.After(e.Failed.FireTime) {
		e.Failed = r
	}
	if r.missed() && r.FireTime.After(e.Missed.FireTime) {
		e.Missed = r
	}
	if r.Lateness > e.Latest.Lateness {
		e.Latest = r
	}
	if r.Duration > e.Longest.Duration {
		e.Longest = r
	}
}

// Merge notes what was seen elsewhere or later.
func (e *Evidence) Merge(other Evidence) {
	for _, run := range []Run{other.Failed, other.Missed, other.Latest, other.Longest} {
		e.Add(run)
	}
}
