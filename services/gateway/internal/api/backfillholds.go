package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// holdsOfJob says what keeps runs of a job's backfills from being handed out.
func (a *API) holdsOfJob(ctx context.Context, job carillon.Job) (holds []string, err error) {
	if job.Paused {
		holds = append(holds, "the job is paused")
	}
	pauses, err := a.Pauses.Holding(ctx, job.Namespace)
	for _, pause := range pauses {
		if pause.Namespace == "" {
			holds = append(holds, "everything is paused")
		} else {
			holds = append(holds, fmt.Sprintf("the namespace %s is paused", pause.Namespace))
		}
	}
	return holds, err
}

// holdsOfQueue says what keeps runs of backfills in their queue.
func (a *API) holdsOfQueue(ctx context.Context) (holds []string, err error) {
	queues, err := a.Queues.List(ctx)
	for _, queue := range queues {
		if queue.Name == carillon.BackfillQueue && queue.Paused {
			holds = append(holds, fmt.Sprintf("the queue %s is paused", queue.Name))
		}
	}
	return holds, err
}

// holds says what keeps a backfill of a job from going on.
func (a *API) holds(ctx context.Context, job carillon.Job) ([]string, error) {
	ofJob, err := a.holdsOfJob(ctx, job)
	if err != nil {
		return nil, err
	}
	ofQueue, err := a.holdsOfQueue(ctx)
	return append(ofJob, ofQueue...), err
}

// watchedBackfill is a backfill, how far it is, and what it waits for.
type watchedBackfill struct {
	backfillstore.Progress
	WaitsFor []string `json:"waits_for" doc:"What keeps it from going on: pauses of the job, of its namespace, of everything, and of the queue low."`
}

func (a *API) watch(ctx context.Context, p backfillstore.Progress) (w watchedBackfill, err error) {
	w = watchedBackfill{p, []string{}}
	var holds []string
	switch p.State {
	case backfillstore.Running:
		holds, err = a.holdsOfRunning(ctx, p.JobID)
	case backfillstore.Draining:
		holds, err = a.holdsOfQueue(ctx)
	}
	w.WaitsFor = append(w.WaitsFor, holds...)
	return w, err
}

func (a *API) holdsOfRunning(ctx context.Context, id uuid.UUID) ([]string, error) {
	job, err := a.Jobs.Get(ctx, id)
	if errors.Is(err, jobstore.ErrNotFound) {
		return nil, nil // a moment before it ends
	}
	if err != nil {
		return nil, err
	}
	return a.holds(ctx, job)
}
