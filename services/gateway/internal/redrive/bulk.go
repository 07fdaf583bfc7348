package redrive

import (
	"context"
	"errors"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/trigger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Selection says which runs are meant. Namespace and JobID may be empty.
type Selection struct {
	Namespace string
	JobID     uuid.UUID
	States    []carillon.State // some of [States]
	From, To  time.Time        // fire time; To is excluded
	// Limit is the most runs that are taken, the newest first.
	Limit int
}

// Result is what became of a selection.
type Result struct {
	// Matched counts the runs that were taken; More says that there are others,
	// beyond the limit or of the same jobs.
	Matched int
	More    bool
	// Started counts those that run again. The job of a run that is InFlight may not
	// run now. Gone counts runs that cannot run again, for their jobs are deleted.
	Started, InFlight, Gone int
}

// Count says how many runs are meant that were not redriven yet.
func (r *Redriver) Count(ctx context.Context, s Selection) (Result, error) {
	_, result, err := r.find(ctx, s)
	return result, err
}

// Many runs the selected runs again, in the queue of their host or that of backfills.
// On an error some of them may have been started: the same selection again does the
// rest.
func (r *Redriver) Many(ctx context.Context, actor string, s Selection) (Result, error) {
	found, result, err := r.find(ctx, s)
	for _, c := range found {
		if err == nil {
			err = result.count(r.again(ctx, actor, c))
		}
	}
	return result, err
}

// count counts what became of a run, or returns the error that ends the whole.
func (r *Result) count(err error) error {
	switch {
	case err == nil:
		r.Started++
	case errors.Is(err, trigger.ErrInFlight):
		r.InFlight++
	case errors.Is(err, jobstore.ErrNotFound): // deleted meanwhile
		r.Gone++
	case !errors.Is(err, ErrAgain): // somebody else was quicker
		return err
	}
	return nil
}

func (r *Redriver) again(ctx context.Context, actor string, c candidate) error {
	job, err := r.jobs.Get(ctx, c.JobID)
	if err != nil {
		return err
	}
	queue, err := r.queues.Route(ctx, job)
	if err != nil {
		return err
	}
	if queue == job.Queue {
		queue = carillon.BackfillQueue
	}
	job.Queue = queue
	_, err = r.start(ctx, actor, job, c.ID)
	return err
}
