package plan

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Grace is how late a fire may be planned without counting as missed. It is
// longer than any takeover (3 s), so a planner's death alone misses nothing.
const Grace = 5 * time.Second

// Decision is what becomes of one due fire.
type Decision struct {
	agenda.Fire
	// State is StateQueued for a fire to run, otherwise the final state of one
	// decided against.
	State  carillon.State
	Reason string

	cursor time.Time // the job's cursor before, for Undo
}

// Runs reports whether the fire is to be run.
func (d *Decision) Runs() bool { return d.State == carillon.StateQueued }

// Exclusive reports whether the run may start only if no other run of its job
// is in flight.
func (d *Decision) Exclusive() bool {
	return d.Runs() && d.Revision.Overlap != carillon.OverlapAllow
}

// Skip turns the decision into one against the fire.
func (d *Decision) Skip(reason string) {
	d.State, d.Reason = carillon.StateSkipped, reason
}

// decide judges a due fire at an instant. superseded says that a later fire of
// the same job is due as well.
func decide(fire agenda.Fire, now time.Time, superseded bool) (carillon.State, string) {
	late := now.Sub(fire.At)
	if late <= Grace {
		return carillon.StateQueued, ""
	}
	policy, window := fire.Revision.CatchUp.Policy, time.Duration(fire.Revision.CatchUp.Window)
	switch {
	case policy == carillon.CatchUpSkip:
		return carillon.StateMissed, fmt.Sprintf("planned %s late and catch_up is skip", round(late))
	case late > window:
		return carillon.StateMissed, fmt.Sprintf("planned %s late, beyond the catch_up window of %s", round(late), window)
	case policy == carillon.CatchUpLatest && superseded:
		return carillon.StateMissed, fmt.Sprintf("planned %s late and catch_up runs only the latest", round(late))
	}
	return carillon.StateQueued, ""
}

func round(d time.Duration) time.Duration { return d.Round(time.Second) }
