package plan

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Limits of one commit. JetStream takes at most 1,000 messages in an atomic
// batch, and the marks need a place each; the bytes keep one commit from
// holding the stream for long.
const (
	maxMessages = 1000 - carillon.Partitions
	maxBytes    = 4 << 20
	overhead    = 400 // of subject and headers, roughly, in bytes
)

// Batch is what one commit plans.
type Batch struct {
	// Decisions holds the fires to run and those decided against. Fires that are
	// held are only in the marks.
	Decisions []Decision
	// Replacing says that a fire is held for which runs in flight are to be
	// cancelled.
	Replacing bool
	// Marks holds the new marks of the partitions that the batch touches.
	Marks map[int]wire.Mark

	agenda *agenda.Agenda
	taken  []Decision             // the fires, as decided if nothing is in flight
	held   map[int]held           // what the marks held before
	done   map[int]filled         // what they said of backfills
	busy   map[uuid.UUID]struct{} // jobs that have a run in flight
	known  revisions              // of fires that may be replaced
	room   int                    // messages that still fit
	bytes  int
}

// Collect takes the fires that are due at an instant off the agenda and
// decides them, together with the first held fire of each job in free, which
// are believed to have no run in flight. marks are the present marks of the
// owned partitions.
func Collect(a *agenda.Agenda, now time.Time, marks map[int]wire.Mark, free []uuid.UUID) *Batch {
	b := newBatch(a)
	b.release(a, marks, free)
	b.collect(a, now, marks)
	b.move(a, marks)
	b.Resolve()
	return b
}

func newBatch(a *agenda.Agenda) *Batch {
	return &Batch{
		agenda: a,
		Marks:  map[int]wire.Mark{}, held: map[int]held{}, done: map[int]filled{}, busy: map[uuid.UUID]struct{}{},
		known: revisions{}, room: maxMessages, bytes: maxBytes,
	}
}

// Empty reports whether there is nothing to plan.
func (b *Batch) Empty() bool { return len(b.taken) == 0 }

// Idle reports whether the batch changes nothing: all its fires waited, and still
// do.
func (b *Batch) Idle() bool {
	return len(b.Decisions) == 0 && !slices.ContainsFunc(b.taken, func(d Decision) bool { return !d.waits() })
}

// release takes the first held fire of each of some jobs. One whose job is
// forgotten is left where it is.
func (b *Batch) release(a *agenda.Agenda, marks map[int]wire.Mark, free []uuid.UUID) {
	for _, job := range free {
		waiting := marks[carillon.PartitionOf(job)].Held[job]
		if len(waiting) == 0 || b.full() {
			continue
		}
		if revision := a.Revision(job, waiting[0].Revision); revision != nil {
			fire := agenda.Fire{At: waiting[0].At, Job: job, Revision: revision}
			d := Decision{Fire: fire, State: carillon.StateQueued, held: true}
			switch {
			case marks[carillon.PartitionOf(job)].Doubtful(fire.At):
				d = d.against(restored)
			case a.Newest(job).Deleted():
				d = d.against("the job was deleted while the fire waited")
			case !revision.Active():
				d = d.against("its revision is not known any more, and the job has been paused since")
			}
			b.take(d, 1)
		}
	}
}

// collect takes the due fires.
func (b *Batch) collect(a *agenda.Agenda, now time.Time, marks map[int]wire.Mark) {
	started := map[uuid.UUID]bool{}
	judge := newCatchUp(a, now)
	for !b.full() {
		fire, ok := a.Next()
		if !ok || fire.At.After(now) {
			return
		}
		d := judge.decide(fire, marks[carillon.PartitionOf(fire.Job)])
		d.filling = filled(marks[carillon.PartitionOf(d.Job)].Backfills).of(d.Job)
		if d.Exclusive() && !d.patient() && started[d.Job] {
			return
		}
		messages := 1
		if d.Revision.Overlap == carillon.OverlapReplace {
			waiting := marks[carillon.PartitionOf(d.Job)].Held[d.Job]
			b.known.learn(a, d.Job, waiting)
			if len(waiting) <= mostReplaced {
				messages += len(waiting)
			}
		}
		if messages > b.room && len(b.taken) > 0 {
			return
		}
		a.Advance()
		b.take(d, messages)
		started[d.Job] = started[d.Job] || d.Runs()
	}
}

func (b *Batch) full() bool { return b.room <= 0 || b.bytes <= 0 }

func (b *Batch) take(d Decision, messages int) {
	d.queue = b.agenda.Queue(d.Revision)
	b.taken = append(b.taken, d)
	if d.patient() {
		b.known[revisionOf{d.Job, d.Revision.Number}] = d.Revision
	}
	b.room -= messages
	b.bytes -= d.Size() + overhead
}

// move sets the marks that the batch leaves behind.
func (b *Batch) move(a *agenda.Agenda, marks map[int]wire.Mark) {
	last := map[int]*agenda.Fire{}
	for i := range b.taken {
		d := &b.taken[i]
		p := carillon.PartitionOf(d.Job)
		b.held[p], b.done[p] = marks[p].Held, marks[p].Backfills
		if !d.waits() {
			last[p] = &d.Fire
		}
	}
	for p := range b.held {
		b.Marks[p] = a.Stamp(p, marks[p], last[p])
	}
}
