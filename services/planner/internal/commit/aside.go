package commit

import (
	"context"
	"errors"
	"slices"

	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// maxSubjects keeps one question within the 1,024 messages that the server
// answers with: a job has a ready message, a retry, or in a rare moment both.
const maxSubjects = 400

// stepAside turns the runs that another run of their job is in the way of into
// skips. It asks the stream for all of them at once. What it learns may be a
// moment old; the next try of the commit is checked anew.
func (c *Committer) stepAside(ctx context.Context, batch *plan.Batch) error {
	exclusive := map[uuid.UUID]*plan.Decision{}
	subjects := make([]string, 0, len(batch.Decisions))
	for i := range batch.Decisions {
		if d := &batch.Decisions[i]; d.Exclusive() {
			exclusive[d.Job] = d
			subjects = append(subjects, topology.InFlight(d.Job))
		}
	}
	busy, err := c.busy(ctx, subjects)
	for _, job := range busy {
		exclusive[job].Skip("an earlier run is still in flight and overlap is skip")
	}
	return err
}

// busy lists the jobs that have a message on one of the subjects.
func (c *Committer) busy(ctx context.Context, subjects []string) ([]uuid.UUID, error) {
	var jobs []uuid.UUID
	for chunk := range slices.Chunk(subjects, maxSubjects) {
		found, err := c.busyAmong(ctx, chunk)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, found...)
	}
	return jobs, nil
}

func (c *Committer) busyAmong(ctx context.Context, subjects []string) ([]uuid.UUID, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	messages, err := jetstreamext.GetLastMsgsFor(ctx, c.js, topology.RunsStream, subjects)
	if err != nil {
		return nil, err
	}
	var jobs []uuid.UUID
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
		jobs = append(jobs, job)
	}
	return jobs, nil
}
