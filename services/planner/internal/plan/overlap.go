package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// mostHeld bounds the fires that one partition holds: they are part of its mark,
// which is one message of at most 1 MiB.
const mostHeld = 4000

// mostReplaced bounds the fires that one replaces: each is a message of its batch.
// More than one can wait only where the job had another policy before.
const mostReplaced = maxMessages / 2

// held is the fires that wait, by job and in order.
type held map[uuid.UUID][]wire.Held

// revisions finds the revision of a fire that waits.
type revisions map[revisionOf]*agenda.Revision

type revisionOf struct {
	job    uuid.UUID
	number int64
}

func (r revisions) learn(a *agenda.Agenda, job uuid.UUID, waiting []wire.Held) {
	for _, fire := range waiting {
		r[revisionOf{job, fire.Revision}] = a.Revision(job, fire.Revision)
	}
}

// Resolve decides the batch's fires anew, after some jobs have turned out to
// have a run in flight.
func (b *Batch) Resolve(busy ...uuid.UUID) {
	for _, job := range busy {
		b.busy[job] = struct{}{}
	}
	r := newResolution(b)
	for i := range b.taken {
		r.decide(&b.taken[i])
	}
	b.Decisions, b.Replacing = r.decisions, r.replacing
	for p, mark := range b.Marks {
		mark.Held, mark.Backfills = r.held[p], b.done[p].with(r.filled[p])
		b.Marks[p] = mark
	}
}

// resolution is one pass over a batch's fires.
type resolution struct {
	known     revisions
	decisions []Decision
	replacing bool
	inFlight  map[uuid.UUID]struct{} // busy jobs, and those that this batch starts a run of
	held      map[int]held           // of each partition; the maps are its own,
	own       map[uuid.UUID]struct{} // the lists only of these jobs
	count     map[int]int            // of each partition's held fires
	filled    map[int]filled         // of backfills that go on
}

func newResolution(b *Batch) *resolution {
	r := &resolution{
		known: b.known, decisions: b.Decisions[:0], inFlight: maps.Clone(b.busy), held: map[int]held{}, count: map[int]int{},
		own: map[uuid.UUID]struct{}{}, filled: map[int]filled{},
	}
	for p, before := range b.held {
		r.held[p] = maps.Clone(before)
		for _, waiting := range before {
			r.count[p] += len(waiting)
		}
	}
	return r
}

// decide settles one fire, those of its job before it being settled.
func (r *resolution) decide(d *Decision) {
	_, inFlight := r.inFlight[d.Job]
	waiting := r.waiting(d)
	switch {
	case d.Backfill != uuid.Nil:
		r.fill(d, inFlight)
	case d.held && !d.Runs():
		r.keep(d, waiting[1:])
		r.add(*d)
	case !d.Runs():
		r.add(*d)
	case d.held:
		if !inFlight {
			r.keep(d, waiting[1:])
			r.start(d)
		}
	case d.Revision.Overlap == carillon.OverlapAllow || !inFlight && len(waiting) == 0:
		r.start(d)
	default:
		r.block(d, waiting, inFlight)
	}
}

// block settles a fire that cannot run now.
func (r *resolution) block(d *Decision, waiting []wire.Held, inFlight bool) {
	most := d.Revision.MaxQueued
	switch {
	case !d.patient() && inFlight:
		r.add(d.against("an earlier run is still in flight and overlap is skip"))
	case !d.patient():
		r.add(d.against("missed fires of the job still wait for their turn and overlap is skip"))
	case d.Revision.Overlap == carillon.OverlapReplace && len(waiting) > mostReplaced:
		r.add(d.against(fmt.Sprintf("%d earlier fires wait, too many to be replaced at once", len(waiting))))
	case d.Revision.Overlap == carillon.OverlapReplace:
		r.replace(d, waiting)
	case d.Revision.Overlap == carillon.OverlapQueue && len(waiting) >= most:
		r.add(d.against(fmt.Sprintf("the queue is full: %d earlier fires wait and max_queued is %d", len(waiting), most)))
	case d.Revision.Overlap == carillon.OverlapSkip && !d.caughtUp() && len(waiting) > 0:
		r.add(d.against("an earlier fire waits for a run of a backfill to end and overlap is skip"))
	case r.count[carillon.PartitionOf(d.Job)] >= mostHeld:
		r.add(d.against(fmt.Sprintf("an earlier run is still in flight and too many fires wait already, %d in all", mostHeld)))
	default:
		r.hold(d, waiting)
	}
}

// hold lets a fire wait behind those that wait.
func (r *resolution) hold(d *Decision, waiting []wire.Held) {
	if _, own := r.own[d.Job]; !own {
		r.own[d.Job] = struct{}{}
		waiting = slices.Clone(waiting)
	}
	r.keep(d, append(waiting, wire.Held{At: d.At, Revision: d.Revision.Number}))
}

// replace holds a fire instead of those that waited.
func (r *resolution) replace(d *Decision, waiting []wire.Held) {
	for _, earlier := range waiting {
		fire := agenda.Fire{At: earlier.At, Job: d.Job, Revision: r.known[revisionOf{d.Job, earlier.Revision}]}
		r.add(Decision{Fire: fire}.against("replaced by a later fire"))
	}
	r.replacing = true
	r.hold(d, nil)
}

func (r *resolution) add(d Decision) { r.decisions = append(r.decisions, d) }

func (r *resolution) start(d *Decision) {
	r.inFlight[d.Job] = struct{}{}
	r.add(*d)
}

func (r *resolution) waiting(d *Decision) []wire.Held {
	return r.held[carillon.PartitionOf(d.Job)][d.Job]
}

// keep sets the fires of a job that wait.
func (r *resolution) keep(d *Decision, waiting []wire.Held) {
	p := carillon.PartitionOf(d.Job)
	if r.held[p] == nil {
		r.held[p] = held{}
	}
	r.count[p] += len(waiting) - len(r.held[p][d.Job])
	r.held[p][d.Job] = waiting
	if len(waiting) == 0 {
		delete(r.held[p], d.Job)
	}
}
