package agenda

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// memory is how long ended revisions and deleted jobs stay known: as long as no
// planner at all may run without fires going missing. It is counted on the
// clock of the definitions.
const memory = 24 * time.Hour

// Grave is what is left of a deleted job.
type Grave struct {
	Last     wire.Definition // the deletion itself
	Sequence uint64          // of the job's last message in JOBS
}

// Buried returns the jobs that were forgotten since the last call and of which
// older revisions may still lie in JOBS.
func (a *Agenda) Buried() []Grave {
	buried := a.buried
	a.buried = nil
	return buried
}

// bury forgets the jobs that were deleted long ago and have no fires left. Where
// somebody else owns them, that one says so by tidying JOBS up.
func (a *Agenda) bury() {
	long := a.latest.Add(-memory)
	old := slices.IndexFunc(a.graves, func(j *job) bool { return !j.newest().From.Before(long) })
	if old < 0 {
		old = len(a.graves)
	}
	left := slices.DeleteFunc(a.graves[:old], a.buryOne)
	a.graves = slices.Delete(a.graves, len(left), old)
}

// buryOne forgets a job, if it is time, and reports whether it is forgotten.
func (a *Agenda) buryOne(j *job) bool {
	p := &a.partitions[j.partition]
	switch {
	case p.jobs[j.id] != j:
		return true
	case j.index >= 0 || len(p.mark.Held[j.id]) > 0 || !p.owned && j.edited:
		return false
	}
	delete(p.jobs, j.id)
	if j.edited {
		a.buried = append(a.buried, j.grave())
	}
	return true
}

// forgetTidied forgets a deleted job of which JOBS has only the deletion left.
func (a *Agenda) forgetTidied(p *partition, j *job, last *Revision) {
	if last.deleted && last.republished && !p.owned && last.Number == j.newest().Number {
		delete(p.jobs, j.id)
	}
}

func (j *job) grave() Grave {
	last := j.newest()
	return Grave{Sequence: j.last, Last: wire.Definition{Deleted: true, Republished: true, Job: carillon.Job{
		ID: j.id, Revision: last.Number, EffectiveFrom: last.From,
		Document: carillon.Document{Namespace: last.Namespace, Name: last.Name, Queue: last.Queue},
	}}}
}
