// Package redrive runs again what has ended badly, one by one or in bulk.
//
// A run that has ended stays as it is: the ledger never moves backwards. So a
// redrive is a new run, of kind manual, with an id and an Idempotency-Key of its
// own; a target that keeps keys would otherwise take it for a repetition, and do
// nothing. The target is told by the header Carillon-Redrive-Of which run is done
// again. It follows the job as it is now, for that is what somebody has mended.
//
// The audit log says which run was done again, by whom and as which, and is asked
// before another redrive: a run is done again once. Of the new run, if it fails,
// there can be a redrive in turn. The log and the stream are two places, so the line
// is committed first, with the new run's id, and the run published then:
//
//	what fails                        | the line  | the new run
//	----------------------------------+-----------+---------------------------------
//	the line                          | none      | none: it was not published yet
//	NATS is away, and known to be so  | none      | none: NATS is asked first
//	the run is refused: one in flight | taken out | none
//	the line cannot be taken out      | stays     | none
//	NATS, while the run is published  | stays     | perhaps
//	the gateway, in between           | stays     | perhaps
//
// Where the line stays and the run is not, a redrive is refused that nobody got.
// That is told by its run's id, which the ledger does not know; a run of the job by
// hand does its work. The other order would call a target twice.
//
// A redrive goes where any run of the job goes: to its queue, or that of its host. In
// bulk those without a host's queue run in the queue for backfills, whose limits keep
// them from the way of live runs. Overlap is heeded as for every run by hand: of a job
// that forbids it one run is taken at a time, the newest. A backfill is the way to do
// a job's many fires again, one after the other.
package redrive

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/trigger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The refusals.
var (
	// ErrState says that the run has not ended badly.
	ErrState = errors.New("only a run that is failed, cancelled, expired, lost or missed can be run again")
	// ErrAgain says that the run was redriven before.
	ErrAgain = errors.New("the run has been run again")
)

// States lists the states that a run can be redriven from.
func States() []carillon.State {
	return []carillon.State{carillon.StateFailed, carillon.StateCancelled, carillon.StateExpired, carillon.StateLost, carillon.StateMissed}
}

// Jobs finds jobs as they are now.
type Jobs interface {
	Get(ctx context.Context, id uuid.UUID) (carillon.Job, error)
}

// Queues tells to which queue a job's runs go.
type Queues interface {
	Route(ctx context.Context, job carillon.Job) (string, error)
}

// Starter starts runs. Only trigger.ErrInFlight says that it surely has not.
type Starter interface {
	Connected() error
	Redrive(ctx context.Context, job carillon.Job, run wire.Run, ended uuid.UUID) (wire.Outcome, error)
}

// Redriver runs runs again. It is safe for concurrent use.
type Redriver struct {
	pool    *pgxpool.Pool
	jobs    Jobs
	queues  Queues
	starter Starter
}

// New returns a redriver that keeps its log in a database.
func New(pool *pgxpool.Pool, jobs Jobs, queues Queues, starter Starter) *Redriver {
	return &Redriver{pool: pool, jobs: jobs, queues: queues, starter: starter}
}

// One runs an ended run again, in the queue that the job's runs go to and in the name
// of whoever asked for it, and returns the new run as queued. It fails with ErrState,
// ErrAgain, or as Jobs, Queues and Starter do.
func (r *Redriver) One(ctx context.Context, actor string, run ledger.Run) (wire.Outcome, error) {
	if !slices.Contains(States(), run.State) {
		return wire.Outcome{}, fmt.Errorf("%w: it is %s", ErrState, run.State)
	}
	job, err := r.jobs.Get(ctx, run.JobID)
	if err != nil {
		return wire.Outcome{}, err
	}
	if job.Queue, err = r.queues.Route(ctx, job); err != nil {
		return wire.Outcome{}, err
	}
	return r.start(ctx, actor, job, run.ID)
}

// start logs a redrive, then starts it.
func (r *Redriver) start(ctx context.Context, actor string, job carillon.Job, ended uuid.UUID) (wire.Outcome, error) {
	if err := r.starter.Connected(); err != nil {
		return wire.Outcome{}, err
	}
	run := trigger.NewRun(job)
	if err := r.enter(ctx, line{actor, job.Namespace, ended, run.ID}); err != nil {
		return wire.Outcome{}, err
	}
	started, err := r.starter.Redrive(ctx, job, run, ended)
	if errors.Is(err, trigger.ErrInFlight) {
		if failed := r.withdraw(ctx, ended, run.ID); failed != nil {
			return started, failed
		}
	}
	return started, err
}
