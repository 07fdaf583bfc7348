package redrive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/services/gateway/internal/trigger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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
	// Matched counts the runs that were taken; More says that there are others.
	Matched int
	More    bool
	// Started counts those that run again. The job of a run that is InFlight may
	// not run now, that of one that is Gone is deleted.
	Started, InFlight, Gone int
}

// candidate is a run that matches.
type candidate struct{ ID, JobID uuid.UUID }

// Count says how many runs are meant that were not redriven yet.
func (r *Redriver) Count(ctx context.Context, s Selection) (Result, error) {
	found, err := r.find(ctx, s)
	return s.result(found), err
}

// Many runs the selected runs again, in the queue of backfills. On an error some of
// them may have been started: the same selection again does the rest.
func (r *Redriver) Many(ctx context.Context, actor string, s Selection) (Result, error) {
	found, err := r.find(ctx, s)
	if err != nil {
		return Result{}, err
	}
	result := s.result(found)
	busy := map[uuid.UUID]bool{}
	for _, c := range found[:result.Matched] {
		err := trigger.ErrInFlight
		if !busy[c.JobID] {
			err = r.again(ctx, actor, c)
		}
		switch {
		case err == nil:
			result.Started++
		case errors.Is(err, trigger.ErrInFlight):
			result.InFlight++
			busy[c.JobID] = true
		case errors.Is(err, jobstore.ErrNotFound):
			result.Gone++
		case !errors.Is(err, ErrAgain): // somebody else was quicker
			return result, err
		}
	}
	return result, nil
}

func (r *Redriver) again(ctx context.Context, actor string, c candidate) error {
	job, err := r.jobs.Get(ctx, c.JobID)
	if err != nil {
		return err
	}
	job.Queue = carillon.BackfillQueue
	_, err = r.start(ctx, actor, job, c.ID)
	return err
}

func (s Selection) result(found []candidate) Result {
	return Result{Matched: min(len(found), s.Limit), More: len(found) > s.Limit}
}

// find returns what matches, and one more than the limit if there is one.
func (r *Redriver) find(ctx context.Context, s Selection) ([]candidate, error) {
	rows, err := r.pool.Query(ctx, `
		SELECT id, job_id FROM runs AS r
		WHERE state = ANY($1) AND fire_time >= $2 AND fire_time < $3
		  AND ($4::text[] IS NULL OR namespace = ANY($4)) AND ($5 = '00000000-0000-0000-0000-000000000000'::uuid OR job_id = $5)
		  AND NOT EXISTS (SELECT FROM audit_log WHERE object = 'run/' || r.id AND action = 'redriven')
		ORDER BY fire_time DESC, id DESC LIMIT $6`,
		s.States, s.From, s.To, scope.From(ctx).Within(s.Namespace).Names(), s.JobID, s.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("find runs to redrive: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[candidate])
}
