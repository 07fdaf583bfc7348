package auditor

import (
	"slices"

	"github.com/google/uuid"
)

// settled are fires on the list of which there is nothing more to be said, once it
// has been said.
type settled []ended

type ended struct {
	Run, Job uuid.UUID
	Waited   bool // it never was unexplained
}

func (s settled) runs() []uuid.UUID {
	runs := make([]uuid.UUID, len(s))
	for i, e := range s {
		runs[i] = e.Run
	}
	return runs
}

// jobs are those that had unexplained fires.
func (s settled) jobs() map[uuid.UUID]bool {
	jobs := map[uuid.UUID]bool{}
	for _, e := range s {
		if !e.Waited {
			jobs[e.Job] = true
		}
	}
	return jobs
}

func (s settled) without(job uuid.UUID) settled {
	return slices.DeleteFunc(s, func(e ended) bool { return e.Job == job })
}
