package agenda

import (
	"container/heap"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Agenda is all jobs, and the order of the coming fires of the owned ones.
type Agenda struct {
	partitions [carillon.Partitions]partition
	coming     jobHeap
	seen       uint64 // sequence in JOBS up to which everything has been applied
	graves     []*job // the deleted jobs, in the order in which they were deleted
	buried     []Grave
}

// partition is the jobs of one partition.
type partition struct {
	jobs  map[uuid.UUID]*job
	owned bool
	taken wire.Mark // the mark that it was taken over from
	backlog
}

// New returns an agenda without jobs that owns nothing.
func New() *Agenda {
	a := &Agenda{}
	for p := range a.partitions {
		a.partitions[p] = partition{jobs: map[uuid.UUID]*job{}, backlog: newBacklog(time.Time{})}
	}
	return a
}

// Apply takes in a revision of a job that stands at a sequence in JOBS. One
// that is not newer than what is known is ignored.
func (a *Agenda) Apply(id uuid.UUID, r *Revision, sequence uint64) {
	a.seen, r.sequence = max(a.seen, sequence), sequence
	a.bury(r.From.Add(-memory))
	p := &a.partitions[carillon.PartitionOf(id)]
	j := p.jobs[id]
	switch {
	case j == nil:
		j = &job{id: id, partition: carillon.PartitionOf(id), index: -1}
		p.jobs[id] = j
	case r.Number <= j.newest().Number:
		j.last = sequence
		return
	default:
		j.edited = true
	}
	j.revisions, j.last = append(j.revisions, r), sequence
	if r.deleted {
		a.graves = append(a.graves, j)
	}
	if !p.owned {
		j.forget(func(time.Time) bool { return false })
		return
	}
	j.arrive(len(j.revisions)-1, p.reachOf(j, r))
	j.forget(func(ended time.Time) bool { return ended.After(j.cursor) })
	p.mayLag(j)
	a.reseat(j)
}

// reachOf is the instant behind which a revision that arrives now changes nothing.
// One that the mark had seen before this planner took over was planned up to there.
// So was a job that is new here but began long before: JOBS was filled anew.
func (p *partition) reachOf(j *job, r *Revision) time.Time {
	refilled := len(j.revisions) == 1 && r.From.Before(p.floor)
	covered := coveredBy(p.taken, j.id)
	if (refilled || r.sequence <= p.taken.Seen) && covered.After(p.floor) {
		return covered
	}
	return p.floor
}

// Know takes note that there are no further revisions up to a sequence in JOBS.
func (a *Agenda) Know(sequence uint64) { a.seen = max(a.seen, sequence) }

// Seen is the sequence in JOBS up to which everything has been applied.
func (a *Agenda) Seen() uint64 { return a.seen }

// Own takes over a partition from its mark on: the zero Mark where none was
// ever written. The agenda should have seen all that the mark had, or it plans
// under older revisions until it has.
func (a *Agenda) Own(number int, mark wire.Mark) {
	p := &a.partitions[number]
	p.owned, p.taken, p.backlog = true, mark, newBacklog(mark.Floor)
	for _, j := range p.jobs {
		j.resume(mark)
		a.reseat(j)
		switch {
		case j.lags(mark):
			p.lagging[j.id] = j
		case len(j.planned) > 0:
			p.settled[j.id] = j
		}
	}
}

// Disown gives a partition up; its jobs stay known.
func (a *Agenda) Disown(number int) {
	p := &a.partitions[number]
	p.owned, p.backlog = false, newBacklog(time.Time{})
	for _, j := range p.jobs {
		j.planned = nil
		a.unseat(j)
	}
}

// Next returns the fire that comes first, and false if none ever comes.
func (a *Agenda) Next() (Fire, bool) {
	if len(a.coming) == 0 {
		return Fire{}, false
	}
	return a.coming[0].next, true
}

// Advance moves the job of the first fire past it, and returns its cursor from
// before, for [Agenda.Rewind].
func (a *Agenda) Advance() (cursor time.Time) {
	j := a.coming[0]
	cursor = j.cursor
	j.cursor = j.next.At
	a.reseat(j)
	return cursor
}

// Following returns the first fire of a job after an instant, of those that are
// not planned, and false if there is none.
func (a *Agenda) Following(id uuid.UUID, after time.Time) (Fire, bool) {
	j := a.partitions[carillon.PartitionOf(id)].jobs[id]
	if j == nil {
		return Fire{}, false
	}
	return j.following(after)
}

// Revision returns the revision of a job that has a number; if it is forgotten,
// the oldest that is known; nil if the job is not known at all.
func (a *Agenda) Revision(id uuid.UUID, number int64) *Revision {
	j := a.partitions[carillon.PartitionOf(id)].jobs[id]
	if j == nil {
		return nil
	}
	for _, r := range j.revisions {
		if r.Number == number {
			return r
		}
	}
	return j.revisions[0]
}

// Rewind puts a job's cursor back to what it was before an Advance.
func (a *Agenda) Rewind(id uuid.UUID, cursor time.Time) {
	p := &a.partitions[carillon.PartitionOf(id)]
	if j := p.jobs[id]; j != nil {
		j.cursor = cursor
		p.mayLag(j) // its next fire may lie before the mark again
		a.reseat(j)
	}
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
