// Package ledger reads what became of runs. The recorder writes it.
//
// The tables are cut by the day of the fire time. A run id begins with its fire
// time, so a single run is looked for in one partition; a list without bounds
// walks the partitions from the newest on and stops when it has enough. An audit
// reads whole days, and so streams.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that no such run was recorded.
var ErrNotFound = errors.New("no such run")

// Run is a line of the ledger.
type Run struct {
	ID         uuid.UUID      `json:"id" format:"uuid" doc:"Constant over retries; the target gets it as Idempotency-Key, and it is the trace id."`
	JobID      uuid.UUID      `json:"job_id" format:"uuid"`
	Job        string         `json:"job" doc:"The job's name at the time." example:"nightly-report"`
	Namespace  string         `json:"namespace" example:"default"`
	Revision   int64          `json:"revision" doc:"Revision of the job that the run followed."`
	Queue      string         `json:"queue" example:"default"`
	Kind       carillon.Kind  `json:"kind" enum:"schedule,manual,backfill" doc:"What the run came from."`
	FireTime   time.Time      `json:"fire_time" doc:"The nominal instant."`
	State      carillon.State `json:"state" enum:"queued,running,retrying,succeeded,failed,cancelled,skipped,missed,expired,lost"`
	Reason     string         `json:"reason,omitempty" doc:"Why the run is in its state, where that needs saying."`
	Attempts   int            `json:"attempts" doc:"HTTP requests made so far."`
	Status     *int           `json:"status,omitempty" doc:"HTTP status of the last answer." example:"200"`
	PlannedAt  time.Time      `json:"planned_at"`
	StartedAt  *time.Time     `json:"started_at,omitempty" doc:"When the first attempt began."`
	FinishedAt *time.Time     `json:"finished_at,omitempty"`
}

// Attempt is one HTTP request of a run.
type Attempt struct {
	Number     int         `json:"number" doc:"From 1."`
	StartedAt  time.Time   `json:"started_at"`
	FinishedAt *time.Time  `json:"finished_at,omitempty" doc:"Missing if the runner died in the call."`
	Status     *int        `json:"status,omitempty" doc:"HTTP status, if an answer came."`
	Class      *wire.Class `json:"class,omitempty" doc:"Kind of failure." enum:"connect,dns,tls,timeout,status,assertion,too_large,auth,blocked,protocol,interrupted"`
	Error      *string     `json:"error,omitempty"`
	Response   *string     `json:"response,omitempty" doc:"The start of the answer's body."`
}

// Ledger reads runs. It is safe for concurrent use.
type Ledger struct {
	pool     *pgxpool.Pool
	auditing chan struct{} // holds something while an audit is under way
}

// New returns the ledger of a database.
func New(pool *pgxpool.Pool) *Ledger {
	return &Ledger{pool: pool, auditing: make(chan struct{}, 1)}
}

const selectRun = `
	SELECT id, job_id, job_name, namespace, revision, queue, kind, fire_time, state, reason,
		attempts, status, planned_at, started_at, finished_at
	FROM runs WHERE `

// Get returns a run and its attempts, or ErrNotFound.
func (l *Ledger) Get(ctx context.Context, id uuid.UUID) (Run, []Attempt, error) {
	from := carillon.RunTime(id)
	run, err := l.one(ctx, id, from, from.Add(time.Millisecond))
	if err != nil {
		return run, nil, err
	}
	rows, err := l.pool.Query(ctx, `
		SELECT number, started_at, finished_at, status, class, error, response
		FROM attempts WHERE fire_time = $1 AND run_id = $2 ORDER BY number`, run.FireTime, id)
	if err != nil {
		return run, nil, fmt.Errorf("read attempts: %w", err)
	}
	attempts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Attempt])
	return run, run.history(attempts), err
}

// history completes the recorded attempts. The first attempt of a run that
// succeeded with it need not be recorded: the run's own row says what there is to
// say. If it is recorded as failed, a second call of it did better.
func (r *Run) history(recorded []Attempt) []Attempt {
	if r.State != carillon.StateSucceeded || r.Attempts != 1 || r.StartedAt == nil {
		return recorded
	}
	first := Attempt{Number: 1, StartedAt: *r.StartedAt, FinishedAt: r.FinishedAt, Status: r.Status}
	switch {
	case len(recorded) == 0 || recorded[0].Number > 1:
		return slices.Insert(recorded, 0, first)
	case recorded[0].Class != nil:
		recorded[0] = first
	}
	return recorded
}

func (l *Ledger) one(ctx context.Context, id uuid.UUID, from, to time.Time) (Run, error) {
	rows, err := l.pool.Query(ctx, selectRun+`
		id = $1 AND fire_time >= $2 AND fire_time < $3 AND ($4::text[] IS NULL OR namespace = ANY($4))`,
		id, from, to, scope.From(ctx).Names())
	if err != nil {
		return Run{}, fmt.Errorf("read run: %w", err)
	}
	run, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Run])
	if errors.Is(err, pgx.ErrNoRows) {
		return run, ErrNotFound
	}
	return run, err
}
