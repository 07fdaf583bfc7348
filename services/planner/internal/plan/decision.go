package plan

import (
	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Decision is what becomes of one fire.
type Decision struct {
	agenda.Fire
	// State is StateQueued for a fire to run, otherwise the final state of one
	// decided against.
	State  carillon.State
	Reason string
	// Backfill is the one that asks for the fire; zero for one that came due.
	Backfill uuid.UUID

	queue  string // of the job's runs
	missed bool   // came due so long ago that a catch-up policy let it through
	held   bool   // waited in the mark for its turn
	done   int    // fires of the backfill that are handed out, this one included

	filling bool // a backfill of the job is under way
}

// Runs reports whether the fire is to be run.
func (d *Decision) Runs() bool { return d.State == carillon.StateQueued }

// waits reports whether the fire had its turn before, and no place in the order of
// the mark: it was held, or is asked for by a backfill.
func (d *Decision) waits() bool { return d.held || d.Backfill != uuid.Nil }

// Prompt reports whether the fire is run because it has just come due.
func (d *Decision) Prompt() bool { return d.Runs() && !d.waits() }

// Kind is what the run comes from.
func (d *Decision) Kind() carillon.Kind {
	if d.Backfill != uuid.Nil {
		return carillon.KindBackfill
	}
	return carillon.KindSchedule
}

// RunID is the id of the run.
func (d *Decision) RunID() uuid.UUID {
	if d.Backfill != uuid.Nil {
		return carillon.NewRunID(d.Backfill, carillon.KindBackfill, d.At)
	}
	return carillon.NewRunID(d.Job, carillon.KindSchedule, d.At)
}

// Queue is the queue of the run. A backfill's is that of backfills, unless the
// host has one of its own: its limits hold for every call.
func (d *Decision) Queue() string {
	if d.Backfill != uuid.Nil && d.queue == d.Revision.Queue {
		return carillon.BackfillQueue
	}
	return d.queue
}

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
		return d.caughtUp() || d.filling
	}
}

// caughtUp reports whether the fire was missed, and is one of all that run.
func (d *Decision) caughtUp() bool {
	return d.missed && d.Revision.CatchUp.Policy == carillon.CatchUpAll
}

// against returns the decision not to run the fire.
func (d Decision) against(reason string) Decision {
	d.State, d.Reason = carillon.StateSkipped, reason
	return d
}
