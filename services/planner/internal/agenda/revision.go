package agenda

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Revision is one revision of a job, made ready for planning. There may be a
// million of them, so what many have in common they share.
type Revision struct {
	Number int64
	From   time.Time // holds for fire times from here on
	Name   string
	*Terms

	target      []byte             // JSON
	sequence    uint64             // in JOBS
	schedule    *schedule.Schedule // nil: no fires (paused or deleted)
	deleted     bool
	republished bool
}

// NewRevision makes a definition ready. It fails if the schedule cannot be
// compiled, which the gateway has made sure it can. It keeps the definition's Target.
func NewRevision(def *wire.Brief) (*Revision, error) {
	r := &Revision{
		Number: def.Revision, From: def.EffectiveFrom, Name: def.Name, Terms: termsOf(def),
		deleted: def.Deleted, republished: def.Republished,
	}
	if !def.Active() {
		return r, nil
	}
	compiled, err := def.Schedule.Compile(def.ID.String())
	if err != nil {
		return nil, fmt.Errorf("job %s revision %d: %w", def.ID, def.Revision, err)
	}
	r.schedule, r.target = compiled, def.Target
	return r, nil
}

// Deleted reports whether the revision is the job's end.
func (r *Revision) Deleted() bool { return r.deleted }

// Active reports whether the job fires at all under this revision.
func (r *Revision) Active() bool { return r.schedule != nil }

// next returns the revision's first fire after an instant, within its own life.
func (r *Revision) next(after time.Time) (time.Time, bool) {
	if r.schedule == nil {
		return time.Time{}, false
	}
	if start := r.From.Add(-1); after.Before(start) {
		after = start
	}
	return r.schedule.Next(after)
}

// fires reports whether the revision fires at an instant.
func (r *Revision) fires(at time.Time) bool {
	fire, ok := r.next(at.Add(-1))
	return ok && fire.Equal(at)
}

// newsTo reports whether the revision is news to who has seen JOBS up to a
// sequence.
func (r *Revision) newsTo(seen uint64) bool { return r.sequence > seen && !r.republished }

// Fire is a fire time of a job, under the revision that holds then.
type Fire struct {
	At       time.Time
	Job      uuid.UUID
	Revision *Revision
}

// Call returns the encoded wire.Call of the fire's run in a queue.
func (f *Fire) Call(queue string) []byte {
	r := f.Revision
	call := wire.RawCall{
		JobID: f.Job, Job: r.Name, Namespace: r.Namespace, Revision: r.Number, Queue: queue, Labels: []byte(r.labels),
		Target: r.target, Retry: []byte(r.retry), Deadline: r.Deadline,
	}
	return call.Encode()
}

// Size is about how long the Call is, in bytes.
func (f *Fire) Size() int {
	const rest = 200
	return len(f.Revision.target) + len(f.Revision.retry) + len(f.Revision.labels) + rest
}
