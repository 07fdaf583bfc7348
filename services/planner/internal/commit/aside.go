package commit

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// maxJobs keeps one question within the 1,024 messages that the server answers
// with, as long as a job has one or two runs in the stream. One that used to
// overlap itself can have more.
const maxJobs = 400

// stepAside turns the runs that another run of their job is in the way of into
// skips, and reports whether there were any. It asks the stream for all of them
// at once. What it learns may be a moment old; the next try of the commit is
// checked anew.
func (c *Committer) stepAside(ctx context.Context, batch *plan.Batch) (changed bool, err error) {
	exclusive := map[uuid.UUID]*plan.Decision{}
	for i := range batch.Decisions {
		if d := &batch.Decisions[i]; d.Exclusive() {
			exclusive[d.Job] = d
		}
	}
	for chunk := range slices.Chunk(slices.Collect(maps.Keys(exclusive)), maxJobs) {
		busy, err := c.busyAmong(ctx, chunk)
		if err != nil {
			return changed, err
		}
		for _, job := range busy {
			exclusive[job].Skip("an earlier run is still in flight and overlap is skip")
			changed = true
		}
	}
	return changed, nil
}

// busyAmong lists those of some jobs that have a run in the stream. Where the
// answer is too long for the server it asks for fewer jobs at a time; a single
// job whose runs are too many to list is busy indeed.
func (c *Committer) busyAmong(ctx context.Context, jobs []uuid.UUID) ([]uuid.UUID, error) {
	busy, err := c.listBusy(ctx, jobs)
	half := len(jobs) / 2
	switch {
	case !errors.Is(err, jetstreamext.ErrBatchUnsupported): // how the library reads "413 Too Many Results"
		return busy, err
	case half == 0:
		return jobs, nil
	}
	low, err := c.busyAmong(ctx, jobs[:half])
	if err != nil {
		return nil, err
	}
	high, err := c.busyAmong(ctx, jobs[half:])
	return append(low, high...), err
}

func (c *Committer) listBusy(ctx context.Context, jobs []uuid.UUID) ([]uuid.UUID, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	subjects := make([]string, len(jobs))
	for i, job := range jobs {
		subjects[i] = topology.InFlight(job)
	}
	messages, err := jetstreamext.GetLastMsgsFor(ctx, c.js, topology.RunsStream, subjects)
	if err != nil {
		return nil, err
	}
	var busy []uuid.UUID
	for msg, err := range messages {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			break
		}
		if err != nil {
			return nil, err
		}
		job, err := topology.JobOfRun(msg.Subject)
		if err != nil {
			return nil, err
		}
		busy = append(busy, job)
	}
	return busy, nil
}
