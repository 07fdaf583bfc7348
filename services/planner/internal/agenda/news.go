package agenda

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Apply takes in a revision of a job that stands at a sequence in JOBS. One that
// is not newer than what is known is ignored: the relay publishes in order, at
// least once.
func (a *Agenda) Apply(id uuid.UUID, r *Revision, sequence uint64) {
	a.seen = max(a.seen, sequence)
	r.sequence = sequence
	p := &a.partitions[carillon.PartitionOf(id)]
	j := p.jobs[id]
	switch {
	case j == nil:
		j = &job{id: id, partition: carillon.PartitionOf(id), index: -1}
		p.jobs[id] = j
	case r.Number <= j.newest().Number:
		j.last = sequence
		a.forgetTidied(p, j, r)
		return
	default:
		j.edited = true
	}
	j.revisions, j.last = append(j.revisions, r), sequence
	if r.deleted {
		a.graves = append(a.graves, j)
	}
	if p.owned {
		p.hear(r.From, sequence)
		a.reseat(j)
	}
	j.forget()
	a.latest = latest(a.latest, r.From)
	a.bury()
}

// Pause takes in news of whether a namespace is paused, or all are; as Apply does.
func (a *Agenda) Pause(news wire.Pause, sequence uint64) {
	a.seen = max(a.seen, sequence)
	heard := pause{news, sequence}
	if !a.pauses.add(heard) {
		return
	}
	for p := range a.partitions {
		if p := &a.partitions[p]; p.owned {
			a.pause(p, heard)
		}
	}
}

func (a *Agenda) pause(p *partition, news pause) {
	p.hear(news.EffectiveFrom, news.sequence)
	for _, j := range p.jobs {
		if news.Namespace == "" || j.newest().Namespace == news.Namespace {
			a.reseat(j)
		}
	}
}

// Know takes note that there is no further news up to a sequence in JOBS.
func (a *Agenda) Know(sequence uint64) { a.seen = max(a.seen, sequence) }

// hear takes note of what stands at a sequence in JOBS and begins at an instant.
func (p *partition) hear(from time.Time, sequence uint64) {
	if sequence > p.mark.Seen {
		p.news.note(from)
	}
}

// earliest is the first of some instants; the zero time for none.
type earliest struct{ time.Time }

func (e *earliest) note(at time.Time) {
	if !at.IsZero() && (e.IsZero() || at.Before(e.Time)) {
		e.Time = at
	}
}

// forget drops the oldest revisions while there are more than JOBS keeps, or
// while they ended long before the newest one began; but none that the next fire
// may follow.
func (j *job) forget() {
	long := j.newest().From.Add(-memory)
	for len(j.revisions) > 1 {
		second := j.revisions[1]
		enough := len(j.revisions) <= topology.RevisionsKept && second.From.After(long)
		if enough || j.index >= 0 && second.From.After(j.next.At) {
			return
		}
		j.revisions = slices.Delete(j.revisions, 0, 1)
	}
}
