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
// there can be a redrive in turn. The log and the stream are two places; a gateway
// that dies between them leaves a redrive without its line.
//
// In bulk they run in the queue for backfills, whose limits keep them from the way
// of live runs. Overlap is heeded as for every run by hand: of a job that forbids it
// one run is started, and the others are counted as being in the way of each other.
// A backfill is the way to do a job's many fires again, one after the other.
package redrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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

// Starter starts runs.
type Starter interface {
	Redrive(ctx context.Context, job carillon.Job, ended uuid.UUID) (wire.Outcome, error)
}

// Redriver runs runs again. It is safe for concurrent use.
type Redriver struct {
	pool    *pgxpool.Pool
	jobs    Jobs
	starter Starter
}

// New returns a redriver that keeps its log in a database.
func New(pool *pgxpool.Pool, jobs Jobs, starter Starter) *Redriver {
	return &Redriver{pool: pool, jobs: jobs, starter: starter}
}

// One runs an ended run again, in its job's queue and in the name of whoever asked
// for it, and returns the new run as queued. It fails with ErrState, ErrAgain, or as
// Jobs and Starter do.
func (r *Redriver) One(ctx context.Context, actor string, run ledger.Run) (wire.Outcome, error) {
	if !slices.Contains(States(), run.State) {
		return wire.Outcome{}, fmt.Errorf("%w: it is %s", ErrState, run.State)
	}
	job, err := r.jobs.Get(ctx, run.JobID)
	if err != nil {
		return wire.Outcome{}, err
	}
	return r.start(ctx, actor, job, run.ID)
}

// start starts a run and logs it. Whoever else wants the same run done again
// waits, and finds the line.
func (r *Redriver) start(ctx context.Context, actor string, job carillon.Job, ended uuid.UUID) (started wire.Outcome, err error) {
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if err := takeTurn(ctx, tx, ended); err != nil {
			return err
		}
		if started, err = r.starter.Redrive(ctx, job, ended); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		auditlog.Append(batch, auditlog.Change{
			Actor: actor, Namespace: job.Namespace, Action: "redriven", Object: object(ended), After: encode(started),
		})
		return tx.SendBatch(ctx, batch).Close()
	})
	return started, err
}

// takeTurn fails with ErrAgain if the log has a redrive of the run.
func takeTurn(ctx context.Context, tx pgx.Tx, ended uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "redrive/"+ended.String()); err != nil {
		return fmt.Errorf("redrive: %w", err)
	}
	var as string
	err := tx.QueryRow(ctx, `
		SELECT after->>'run_id' FROM audit_log WHERE object = $1 AND action = 'redriven' LIMIT 1`, object(ended)).Scan(&as)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("redrive: %w", err)
	}
	return fmt.Errorf("%w: as run %s", ErrAgain, as)
}

func encode(started wire.Outcome) []byte {
	text, _ := json.Marshal(map[string]any{"run_id": started.RunID}) // cannot fail: plain data
	return text
}

func object(run uuid.UUID) string { return "run/" + run.String() }
