package agenda

import (
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

// bury forgets the jobs that were deleted before an instant and have no fires left.
func (a *Agenda) bury(before time.Time) {
	for range len(a.graves) {
		j := a.graves[0]
		if !j.newest().From.Before(before) {
			return
		}
		a.graves = a.graves[1:]
		if p := &a.partitions[j.partition]; j.index >= 0 || p.holds(j) {
			a.graves = append(a.graves, j)
		} else {
			delete(p.jobs, j.id)
			if j.edited {
				a.buried = append(a.buried, j.grave())
			}
		}
	}
}

func (j *job) grave() Grave {
	last := j.newest()
	return Grave{Sequence: j.last, Last: wire.Definition{Deleted: true, Job: carillon.Job{
		ID: j.id, Revision: last.Number, EffectiveFrom: last.From,
		Document: carillon.Document{Namespace: last.Namespace, Name: last.Name, Queue: last.Queue},
	}}}
}
