// Package queuestore keeps queues in Postgres. Like a job's, a queue's change is
// one transaction with its line in the audit log and its message in the outbox.
package queuestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The refusals.
var (
	ErrNotFound = errors.New("no such queue")
	ErrInUse    = errors.New("jobs use the queue")
	ErrHasRuns  = errors.New("runs are in the queue")
	ErrBuiltin  = errors.New("the queues default and low cannot be deleted: jobs that name no queue use the one, backfills the other")
)

// isBuiltin reports whether a queue is that of documents that name none, or that
// of backfills.
func isBuiltin(name string) bool {
	return name == carillon.DefaultQueue || name == carillon.BackfillQueue
}

// Store reads and writes queues. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	written func()
}

// New returns the store of a database. It calls written after every commit that
// left something in the outbox.
func New(pool *pgxpool.Pool, written func()) *Store {
	return &Store{pool: pool, written: written}
}

const selectQueue = `SELECT name, concurrency, weight, paused, rate, hosts FROM queues `

// List returns all queues, by name.
func (s *Store) List(ctx context.Context) ([]carillon.Queue, error) {
	rows, err := s.pool.Query(ctx, selectQueue+`ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[carillon.Queue])
}

// Route returns the queue that a job's runs go to: its own, or that of its host.
func (s *Store) Route(ctx context.Context, job carillon.Job) (string, error) {
	if job.Queue != carillon.DefaultQueue {
		return job.Queue, nil
	}
	queues, err := s.List(ctx)
	return carillon.RoutesOf(queues).Queue(job.Queue, job.Target.URL), err
}

// lock returns a queue for a change, or nil if there is none.
func lock(ctx context.Context, tx pgx.Tx, name string) (*carillon.Queue, error) {
	rows, err := tx.Query(ctx, selectQueue+`WHERE name = $1 FOR UPDATE`, name)
	if err != nil {
		return nil, fmt.Errorf("read queue: %w", err)
	}
	queue, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[carillon.Queue])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return queue, err
}
