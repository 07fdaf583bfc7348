package agenda

import (
	"container/heap"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Agenda is all jobs, and the order of the coming fires of the owned ones.
type Agenda struct {
	partitions [carillon.Partitions]partition
	pauses     pauses
	routing    routing
	coming     jobHeap
	seen       uint64    // sequence in JOBS up to which everything has been applied
	latest     time.Time // when the last of all revisions begins
	graves     []*job    // the deleted jobs, in the order in which they were deleted
	buried     []Grave
}

// partition is the jobs of one partition.
type partition struct {
	jobs  map[uuid.UUID]*job
	owned bool
	mark  wire.Mark // as it is stored
	news  earliest  // when what the mark has not seen begins
}

// New returns an agenda without jobs that owns nothing.
func New() *Agenda {
	a := &Agenda{pauses: pauses{}, routing: routing{queues: map[string]carillon.Queue{}}}
	for p := range a.partitions {
		a.partitions[p].jobs = map[uuid.UUID]*job{}
	}
	return a
}

// Seen is the sequence in JOBS up to which everything has been applied.
func (a *Agenda) Seen() uint64 { return a.seen }

// Own takes over a partition from its mark on: the zero Mark where none was
// ever written. The agenda should have seen all that the mark had, or it plans
// under older revisions until it has.
func (a *Agenda) Own(number int, mark wire.Mark) {
	a.Disown(number)
	p := &a.partitions[number]
	p.owned, p.mark, p.news = true, mark, earliest{}
	for _, s := range a.pauses {
		for _, pause := range s {
			p.hear(pause.EffectiveFrom, pause.sequence)
		}
	}
	for _, j := range p.jobs {
		for _, r := range j.revisions {
			p.hear(r.From, r.sequence)
		}
		if next, ok := a.following(j, a.cursor(j)); ok {
			j.next, j.index = next, len(a.coming)
			a.coming = append(a.coming, j)
		}
	}
	heap.Init(&a.coming)
	a.bury()
}

// Disown gives a partition up; its jobs stay known.
func (a *Agenda) Disown(number int) {
	p := &a.partitions[number]
	if !p.owned {
		return
	}
	p.owned = false
	a.coming = slices.DeleteFunc(a.coming, func(j *job) bool { return j.partition == number })
	for _, j := range p.jobs {
		j.index = -1
	}
	for i, j := range a.coming {
		j.index = i
	}
	heap.Init(&a.coming)
}

// Next returns the fire that comes first, and false if none ever comes.
func (a *Agenda) Next() (Fire, bool) {
	if len(a.coming) == 0 {
		return Fire{}, false
	}
	return a.coming[0].next, true
}

// Advance moves the job of the first fire past it.
func (a *Agenda) Advance() {
	j := a.coming[0]
	next, ok := a.following(j, j.next.At)
	a.place(j, next, ok)
}

// Following returns the first fire of a job after an instant, of those that are
// not planned, and false if there is none.
func (a *Agenda) Following(id uuid.UUID, after time.Time) (Fire, bool) {
	j := a.job(id)
	if j == nil {
		return Fire{}, false
	}
	return a.following(j, after)
}

// Revision returns the revision of a job that has a number; if it is forgotten,
// the oldest that is known; nil if the job is not known at all.
func (a *Agenda) Revision(id uuid.UUID, number int64) *Revision {
	j := a.job(id)
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

// Newest returns the newest revision of a job, or nil.
func (a *Agenda) Newest(id uuid.UUID) *Revision {
	j := a.job(id)
	if j == nil {
		return nil
	}
	return j.newest()
}

// Paused reports whether a job stands still at an instant: its newest revision is
// paused or a deletion, its namespace or everything is paused, or it is not known.
func (a *Agenda) Paused(id uuid.UUID, at time.Time) bool {
	r := a.Newest(id)
	if r == nil || !r.Active() {
		return true
	}
	_, on := a.pauses.end(r.Namespace, at)
	return on
}

func (a *Agenda) job(id uuid.UUID) *job { return a.partitions[carillon.PartitionOf(id)].jobs[id] }

// reseat finds a job's next fire anew and gives it its place in the heap.
func (a *Agenda) reseat(j *job) {
	next, ok := a.following(j, a.cursor(j))
	a.place(j, next, ok)
}

// place gives a job its place in the heap by its next fire, if there is one.
func (a *Agenda) place(j *job, next Fire, ok bool) {
	switch {
	case !ok && j.index >= 0:
		heap.Remove(&a.coming, j.index)
	case !ok:
	case j.index >= 0:
		j.next = next
		heap.Fix(&a.coming, j.index)
	default:
		j.next = next
		heap.Push(&a.coming, j)
	}
}

// following returns the first fire after an instant that is not planned. The
// instant is not before the job's cursor.
func (a *Agenda) following(j *job, after time.Time) (Fire, bool) {
	for {
		fire, ok := j.following(after)
		if !ok {
			return Fire{}, false
		}
		end, paused := a.pauses.end(fire.Revision.Namespace, fire.At)
		switch {
		case paused && end.IsZero():
			return Fire{}, false
		case paused:
			after = end.Add(-1)
		case a.wasPlanned(j, fire.At):
			after = fire.At
		default:
			return fire, true
		}
	}
}
