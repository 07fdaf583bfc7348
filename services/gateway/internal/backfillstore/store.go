package backfillstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/backfill"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The refusals.
var (
	ErrNotFound = errors.New("no such backfill")
	// ErrNoQueue says that nothing would ever take the runs out.
	ErrNoQueue = errors.New("there is no queue low, in which backfills run: create it")
	// ErrEnded says that there is nothing left to stop.
	ErrEnded = errors.New("the backfill hands out no more runs")
	// ErrBusy says that there are too many runs to tell which fires are among them.
	ErrBusy = errors.New("more than 1000 runs of the job are in flight or on their way to the ledger: wait until there are fewer")
	// ErrUnavailable says that NATS could not be asked what is under way.
	ErrUnavailable = errors.New("NATS is not available")
)

// cancelSettles is how long after the news of a cancel was stored a planner may not
// know of it although NATS is up: half a minute until its client notices that it
// gets no news any more, and some seconds.
const cancelSettles = time.Minute

// Backfill is one that was started.
type Backfill struct {
	ID          uuid.UUID         `json:"id" format:"uuid"`
	JobID       uuid.UUID         `json:"job_id" format:"uuid"`
	Namespace   string            `json:"namespace" example:"default"`
	From        time.Time         `json:"from" doc:"The first instant of the range."`
	To          time.Time         `json:"to" doc:"The end of the range, excluded."`
	Mode        backfill.Mode     `json:"mode" enum:"unexplained,gaps,failed,all"`
	Schedule    backfill.Schedule `json:"schedule" enum:"original,current"`
	Rate        int               `json:"rate" doc:"Most runs started in a second." example:"1"`
	Count       int               `json:"count" doc:"Fires to be run." example:"24"`
	Actor       string            `json:"actor" doc:"Name of the key that asked for it."`
	CreatedAt   time.Time         `json:"created_at"`
	CancelledAt *time.Time        `json:"cancelled_at,omitempty"`
}

// Store reads and writes backfills. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	streams Streams
	written func()
}

// New returns the store of a database. It calls written after every commit that
// left something in the outbox.
func New(pool *pgxpool.Pool, streams Streams, written func()) *Store {
	return &Store{pool, streams, written}
}

const selectBackfill = `
	SELECT id, job_id, namespace, begins, ends, mode, schedule, rate, cardinality(fires), actor, created_at, cancelled_at
	FROM backfills WHERE ($1::text[] IS NULL OR namespace = ANY($1)) AND `

// List returns the newest backfills of a job before the given one, the newest
// first; [uuid.Max] is before none.
func (s *Store) List(ctx context.Context, job, before uuid.UUID, limit int) ([]Backfill, error) {
	rows, err := s.pool.Query(ctx, selectBackfill+`job_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4`,
		scope.From(ctx).Names(), job, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list backfills: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

func (s *Store) one(ctx context.Context, id uuid.UUID) (Backfill, error) {
	rows, err := s.pool.Query(ctx, selectBackfill+`id = $2`, scope.From(ctx).Names(), id)
	if err != nil {
		return Backfill{}, fmt.Errorf("read backfill: %w", err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return b, ErrNotFound
	}
	return b, err
}

func scan(row pgx.CollectableRow) (Backfill, error) {
	b, err := pgx.RowToStructByPos[Backfill](row)
	b.From, b.To, b.CreatedAt = b.From.UTC(), b.To.UTC(), b.CreatedAt.UTC()
	return b, err
}

// Message is what JOBS holds of a backfill.
type Message struct {
	wire.Backfill
	StoredAt time.Time // zero while it waits in the outbox
}

// open reports whether planners may hand out runs of a backfill yet that somebody
// may have cancelled: until all of them have heard of it.
func (m Message) open(cancelled bool, now time.Time) bool {
	return !cancelled || m.StoredAt.IsZero() || !m.Ended || now.Sub(m.StoredAt) < cancelSettles
}

// held returns the message of a backfill; false if neither the outbox nor JOBS has
// one. The outbox is asked first: what it has no more is in JOBS.
func (s *Store) held(ctx context.Context, db querier, job, id uuid.UUID) (message Message, ok bool, err error) {
	var waits bool
	err = db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM outbox WHERE subject = $1)`, topology.Backfill(job, id)).Scan(&waits)
	if err != nil || waits {
		return Message{Backfill: wire.Backfill{ID: id, JobID: job}}, waits, err
	}
	message, ok, err = s.streams.Backfill(ctx, job, id)
	if err != nil {
		return message, false, unavailable(err)
	}
	return message, ok, nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
