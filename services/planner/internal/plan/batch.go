package plan

import (
	"maps"
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
	maxFires = 1000 - carillon.Partitions
	maxBytes = 4 << 20
	overhead = 400 // of subject and headers, roughly, in bytes
)

// Batch is what one commit plans: the decisions, and the marks of the
// partitions they touch.
type Batch struct {
	Decisions []Decision
	Marks     map[int]wire.Mark
}

// Collect takes the fires that are due at an instant off the agenda and
// decides them. marks are the present marks of the owned partitions. A batch
// without decisions means that nothing is due.
func Collect(a *agenda.Agenda, now time.Time, marks map[int]wire.Mark) *Batch {
	b := &Batch{Marks: map[int]wire.Mark{}}
	started := map[uuid.UUID]bool{}
	size := 0
	for len(b.Decisions) < maxFires && size < maxBytes {
		fire, ok := a.Next()
		if !ok || fire.At.After(now) {
			break
		}
		d := take(a, fire, now)
		if d.Exclusive() && started[d.Job] {
			a.Rewind(d.Job, d.cursor)
			break
		}
		started[d.Job] = started[d.Job] || d.Runs()
		b.Decisions = append(b.Decisions, d)
		size += len(d.Revision.Call) + overhead
	}
	b.move(a, marks)
	return b
}

// take advances the agenda past its first fire and decides it.
func take(a *agenda.Agenda, fire agenda.Fire, now time.Time) Decision {
	cursor, following, ok := a.Advance()
	state, reason := decide(fire, now, ok && !following.At.After(now))
	return Decision{Fire: fire, State: state, Reason: reason, cursor: cursor}
}

// move sets the marks that the batch leaves behind.
func (b *Batch) move(a *agenda.Agenda, marks map[int]wire.Mark) {
	for i := range b.Decisions {
		d := &b.Decisions[i]
		p := carillon.PartitionOf(d.Job)
		mark, ok := b.Marks[p]
		if !ok {
			mark = marks[p]
		}
		if !mark.Covers(d.At, d.Job) {
			mark.At, mark.Job = d.At, d.Job
		}
		b.Marks[p] = mark
	}
	for p, mark := range maps.All(b.Marks) {
		mark.Seen = a.Seen()
		mark.Behind = a.Behind(p, mark)
		b.Marks[p] = mark
	}
}

// Undo puts the agenda back to where it was before the batch was collected.
func (b *Batch) Undo(a *agenda.Agenda) {
	for i := len(b.Decisions) - 1; i >= 0; i-- {
		a.Rewind(b.Decisions[i].Job, b.Decisions[i].cursor)
	}
}
