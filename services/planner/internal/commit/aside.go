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

// stepAside has the batch decided anew if runs that it would start have another
// run of their job in the way, and reports whether there were any. It asks the
// stream for all of them at once. What it learns may be a moment old; the next
// try of the commit is checked anew.
func (c *Committer) stepAside(ctx context.Context, batch *plan.Batch) (changed bool, err error) {
	exclusive := map[uuid.UUID]struct{}{}
	for i := range batch.Decisions {
		if d := &batch.Decisions[i]; d.Exclusive() {
			exclusive[d.Job] = struct{}{}
		}
	}
	busy, err := c.Busy(ctx, slices.Collect(maps.Keys(exclusive)))
	if err != nil || len(busy) == 0 {
		return false, err
	}
	batch.Resolve(busy...)
	return true, nil
}

// Busy lists those of some jobs that have a run in flight, each at least once.
func (c *Committer) Busy(ctx context.Context, jobs []uuid.UUID) (busy []uuid.UUID, err error) {
	for chunk := range slices.Chunk(jobs, maxJobs) {
		found, err := c.busyAmong(ctx, chunk)
		if err != nil {
			return nil, err
		}
		busy = append(busy, found...)
	}
	return busy, nil
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
