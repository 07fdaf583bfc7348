package plan

import (
	"maps"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Gap is a fire of the past that a backfill asks for.
type Gap struct {
	agenda.Fire
	Backfill uuid.UUID
	Done     int // fires of the backfill that are handed out, this one included
}

// Fill makes a batch of gaps, those of each backfill in order. One stays where it is
// whose job has a run in flight that it may not overlap, or a fire that waits.
func Fill(a *agenda.Agenda, marks map[int]wire.Mark, gaps []Gap) *Batch {
	b := newBatch(a)
	for _, g := range gaps {
		if b.full() {
			break
		}
		b.take(Decision{Fire: g.Fire, State: carillon.StateQueued, Backfill: g.Backfill, done: g.Done}, 1)
	}
	b.move(a, marks)
	b.Resolve()
	return b
}

// filled is how far each backfill has come.
type filled map[uuid.UUID]wire.Filled

// of reports whether one of them is of a job.
func (f filled) of(job uuid.UUID) bool {
	for _, b := range f {
		if b.Job == job {
			return true
		}
	}
	return false
}

// with returns the numbers as some of them have become.
func (f filled) with(later filled) filled {
	if len(later) == 0 {
		return f
	}
	all := filled{}
	maps.Copy(all, f)
	maps.Copy(all, later)
	return all
}

// fill settles a gap. The job's own fires that wait go before it.
func (r *resolution) fill(d *Decision, inFlight bool) {
	if (inFlight || len(r.waiting(d)) > 0) && d.Exclusive() {
		return
	}
	p := carillon.PartitionOf(d.Job)
	if r.filled[p] == nil {
		r.filled[p] = filled{}
	}
	r.filled[p][d.Backfill] = wire.Filled{Job: d.Job, Done: d.done}
	r.start(d)
}
