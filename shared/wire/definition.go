package wire

import "github.com/carillon-cron/carillon/shared/carillon"

// Definition is one revision of a job as the planners see it. The last one may
// say that the job was deleted.
type Definition struct {
	carillon.Job
	// Deleted says that from EffectiveFrom on the job has no fires.
	Deleted bool `json:"deleted,omitempty"`
	// Republished says that the stream held this revision before, and lost it: it
	// is no news, and what it called for has been planned.
	Republished bool `json:"republished,omitempty"`
}

// Active reports whether the job fires at all under this revision.
func (d *Definition) Active() bool { return !d.Deleted && !d.Paused }

// Call returns what a runner needs to make this job's calls.
func (d *Definition) Call() Call {
	return Call{
		JobID: d.ID, Job: d.Name, Namespace: d.Namespace, Revision: d.Revision,
		Queue: d.Queue, Labels: d.Labels, Target: d.Target, Retry: d.Retry, Deadline: d.Deadline,
	}
}
