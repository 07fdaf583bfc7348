package plan

import (
	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Decision is what becomes of one fire.
type Decision struct {
	agenda.Fire
	// State is StateQueued for a fire to run, otherwise the final state of one
	// decided against.
	State  carillon.State
	Reason string

	missed bool // came due so long ago that a catch-up policy let it through
	held   bool // waited in the mark for its turn
}

// Runs reports whether the fire is to be run.
func (d *Decision) Runs() bool { return d.State == carillon.StateQueued }

// Waited reports whether the fire was held before.
func (d *Decision) Waited() bool { return d.held }

// Exclusive reports whether the run may start only if no other run of its job
// is in flight.
func (d *Decision) Exclusive() bool {
	return d.Runs() && (d.held || d.Revision.Overlap != carillon.OverlapAllow)
}

// patient reports whether a run that is in the way makes the fire wait, by
// whichever policy.
func (d *Decision) patient() bool {
	switch d.Revision.Overlap {
	case carillon.OverlapQueue, carillon.OverlapReplace:
		return true
	default:
		return d.missed && d.Revision.CatchUp.Policy == carillon.CatchUpAll
	}
}

// against returns the decision not to run the fire.
func (d Decision) against(reason string) Decision {
	d.State, d.Reason = carillon.StateSkipped, reason
	return d
}
