package agenda

import (
	"container/heap"
	"maps"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Agenda is all jobs, and the order of the coming fires of the owned ones.
type Agenda struct {
	partitions [carillon.Partitions]map[uuid.UUID]*job
	owned      [carillon.Partitions]bool
	coming     jobHeap
	seen       uint64 // sequence in JOBS of the last definition applied
	// late holds, by partition, the owned jobs that may lag the mark.
	late [carillon.Partitions]map[uuid.UUID]*job
	// graves holds the deleted jobs, in the order in which they were deleted.
	graves []*job
}

// memory is how long ended revisions and deleted jobs stay known where another
// planner plans them: far longer than it takes to notice that planner's death.
const memory = 10 * time.Minute

// New returns an agenda without jobs that owns nothing.
func New() *Agenda {
	a := &Agenda{}
	for p := range a.partitions {
		a.partitions[p] = map[uuid.UUID]*job{}
		a.late[p] = map[uuid.UUID]*job{}
	}
	return a
}

// Apply takes in a revision of a job that stands at a sequence in JOBS. One
// that is not newer than what is known is ignored.
func (a *Agenda) Apply(id uuid.UUID, r *Revision, sequence uint64) {
	a.seen, r.sequence = max(a.seen, sequence), sequence
	a.bury(r.From.Add(-memory))
	p := carillon.PartitionOf(id)
	j := a.partitions[p][id]
	switch {
	case j == nil:
		j = &job{id: id, partition: p, index: -1, cursor: r.From.Add(-1)}
		a.partitions[p][id] = j
	case r.Number <= j.newest().Number:
		return
	}
	j.add(r)
	if r.deleted {
		a.graves = append(a.graves, j)
	}
	if !a.owned[p] {
		j.forget(r.From.Add(-memory))
		return
	}
	j.forget(j.cursor) // nothing is under way now, so the cursor stays
	a.late[p][id] = j  // until a mark proves otherwise
	a.reseat(j)
}

// bury forgets the jobs that were deleted by an instant and have no fires left.
func (a *Agenda) bury(ended time.Time) {
	for len(a.graves) > 0 && a.graves[0].newest().From.Before(ended) {
		j := a.graves[0]
		a.graves = a.graves[1:]
		if j.index < 0 && j.newest().deleted {
			delete(a.partitions[j.partition], j.id)
		}
	}
}

// Own takes over a partition from its mark on: the zero Mark where none was
// ever written.
func (a *Agenda) Own(partition int, mark wire.Mark) {
	a.owned[partition] = true
	for _, j := range a.partitions[partition] {
		j.cursor = cursorFrom(mark, j)
		a.reseat(j)
		if j.index >= 0 && mark.Covers(j.next.At, j.id) {
			a.late[partition][j.id] = j
		}
	}
}

// Disown gives a partition up; its jobs stay known.
func (a *Agenda) Disown(partition int) {
	a.owned[partition] = false
	for _, j := range a.partitions[partition] {
		a.unseat(j)
	}
	clear(a.late[partition])
}

// cursorFrom says up to when a job has been planned, by its partition's mark.
func cursorFrom(mark wire.Mark, j *job) time.Time {
	if at, ok := mark.Behind[j.id]; ok {
		return at
	}
	first := j.revisions[0]
	start := first.From.Add(-1)
	if first.Number == 1 && first.sequence > mark.Seen {
		return start // news to the mark: all its fires are still to be planned
	}
	covered := mark.At
	if !mark.Covers(mark.At, j.id) {
		covered = covered.Add(-1)
	}
	if start.After(covered) {
		return start
	}
	return covered
}

// Next returns the fire that comes first, and false if none ever comes.
func (a *Agenda) Next() (Fire, bool) {
	if len(a.coming) == 0 {
		return Fire{}, false
	}
	return a.coming[0].next, true
}

// Advance moves the job of the first fire past it, and returns its cursor from
// before, for [Agenda.Rewind], and the job's following fire, if it has one.
func (a *Agenda) Advance() (cursor time.Time, following Fire, ok bool) {
	j := a.coming[0]
	cursor = j.cursor
	j.cursor = j.next.At
	a.reseat(j)
	return cursor, j.next, j.index >= 0
}

// Rewind puts a job's cursor back to what it was before an Advance.
func (a *Agenda) Rewind(id uuid.UUID, cursor time.Time) {
	p := carillon.PartitionOf(id)
	if j := a.partitions[p][id]; j != nil {
		j.cursor = cursor
		a.late[p][id] = j // its next fire may lie before the mark again
		a.reseat(j)
	}
}

// Seen is the sequence in JOBS up to which definitions have been applied.
func (a *Agenda) Seen() uint64 { return a.seen }

// Behind lists the jobs of a partition whose next fire a mark covers already,
// with their cursors: nil when there are none, as in all normal times.
func (a *Agenda) Behind(partition int, mark wire.Mark) map[uuid.UUID]time.Time {
	late := a.late[partition]
	maps.DeleteFunc(late, func(id uuid.UUID, j *job) bool { return j.index < 0 || !mark.Covers(j.next.At, id) })
	if len(late) == 0 {
		return nil
	}
	behind := make(map[uuid.UUID]time.Time, len(late))
	for id, j := range late {
		behind[id] = j.cursor
	}
	return behind
}

// Late counts the jobs that may lag their partition's mark.
func (a *Agenda) Late() int {
	n := 0
	for _, late := range a.late {
		n += len(late)
	}
	return n
}

// reseat finds a job's next fire anew and gives it its place in the heap.
func (a *Agenda) reseat(j *job) {
	switch {
	case !j.seek():
		a.unseat(j)
	case j.index >= 0:
		heap.Fix(&a.coming, j.index)
	default:
		heap.Push(&a.coming, j)
	}
}

func (a *Agenda) unseat(j *job) {
	if j.index >= 0 {
		heap.Remove(&a.coming, j.index)
	}
}
