package queuestore

import (
	"cmp"
	"context"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
)

// Put stores a valid queue, in place of one of the same name, and returns it.
// What was there stays paused or not, for only SetPaused changes that. Weight 0
// is the weight of what was there, or 1. It fails with fault.Faults where another
// queue has one of the hosts.
//
// Queues belong to no namespace. Each change of one fails with
// *[scope.ForeignError] if the scope is limited.
func (s *Store) Put(ctx context.Context, actor string, queue carillon.Queue) (carillon.Queue, error) {
	err := s.change(ctx, actor, queue.Name, func(tx pgx.Tx, before *carillon.Queue) (*carillon.Queue, error) {
		if err := unclaimed(ctx, tx, queue); err != nil {
			return nil, err
		}
		if before != nil {
			queue.Paused = before.Paused
			queue.Weight = cmp.Or(queue.Weight, before.Weight)
		}
		queue.Weight = max(queue.Weight, 1)
		return &queue, nil
	})
	return queue, err
}

// SetPaused pauses or resumes a queue and returns it. It fails with ErrNotFound.
func (s *Store) SetPaused(ctx context.Context, actor, name string, paused bool) (carillon.Queue, error) {
	var after carillon.Queue
	err := s.change(ctx, actor, name, func(_ pgx.Tx, before *carillon.Queue) (*carillon.Queue, error) {
		if before == nil {
			return nil, ErrNotFound
		}
		after = *before
		after.Paused = paused
		return &after, nil
	})
	return after, err
}

// Delete removes a queue, which must have no runs in flight: nothing would ever
// take them out of a queue that is gone, and they would count as in flight for
// ever. It fails with ErrNotFound, ErrInUse, ErrHasRuns or ErrBuiltin.
func (s *Store) Delete(ctx context.Context, actor, name string, inFlight uint64) error {
	return s.change(ctx, actor, name, func(tx pgx.Tx, before *carillon.Queue) (*carillon.Queue, error) {
		switch {
		case isBuiltin(name):
			return nil, ErrBuiltin
		case before == nil:
			return nil, ErrNotFound
		case inFlight > 0:
			return nil, fmt.Errorf("%w: %d", ErrHasRuns, inFlight)
		}
		return nil, unused(ctx, tx, name)
	})
}

// unused looks for jobs only after the queue's row is locked: a writer of a job
// holds on to that row, so none can come in between.
func unused(ctx context.Context, tx pgx.Tx, name string) error {
	var used bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM jobs WHERE queue = $1)`, name).Scan(&used)
	if err == nil && used {
		return ErrInUse
	}
	return err
}

// edit makes of a queue what it shall be; nil is no queue, before as after.
type edit func(tx pgx.Tx, before *carillon.Queue) (after *carillon.Queue, err error)

// change writes what edit changed; if that is nothing, it writes nothing.
func (s *Store) change(ctx context.Context, actor, name string, edit edit) error {
	if err := scope.From(ctx).CheckAll(); err != nil {
		return err
	}
	wrote := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		before, err := lock(ctx, tx, name)
		if err != nil {
			return err
		}
		after, err := edit(tx, before)
		if err != nil || before != nil && after != nil && before.Equal(*after) {
			return err
		}
		wrote = true
		return write(ctx, tx, actor, name, before, after)
	})
	if err == nil && wrote {
		s.written()
	}
	return err
}

func write(ctx context.Context, tx pgx.Tx, actor, name string, before, after *carillon.Queue) error {
	batch := &pgx.Batch{}
	if after == nil {
		batch.Queue(`DELETE FROM queues WHERE name = $1`, name)
	} else {
		batch.Queue(`
			INSERT INTO queues (name, concurrency, weight, paused, rate, hosts)
			VALUES ($1, $2, $3, $4, $5, coalesce($6::text[], '{}'))
			ON CONFLICT (name) DO UPDATE SET concurrency = excluded.concurrency, weight = excluded.weight,
				paused = excluded.paused, rate = excluded.rate, hosts = excluded.hosts, updated_at = now()`,
			name, after.Concurrency, after.Weight, after.Paused, after.Rate, after.Hosts)
	}
	auditlog.Append(batch, auditlog.Change{
		Actor: actor, Action: action(before, after), Object: "queue/" + name, Before: encode(before), After: encode(after),
	})
	outbox.Append(batch, topology.Queue(name), encode(after))
	return tx.SendBatch(ctx, batch).Close()
}

// action names a change in the audit log.
func action(before, after *carillon.Queue) string {
	switch {
	case before == nil:
		return "created"
	case after == nil:
		return "deleted"
	case after.Paused && !before.Paused:
		return "paused"
	case before.Paused && !after.Paused:
		return "resumed"
	}
	return "updated"
}

// encode returns a queue's JSON, or nil for no queue: as a message, the news
// that it was deleted.
func encode(queue *carillon.Queue) []byte {
	if queue == nil {
		return nil
	}
	return wire.Encode(*queue)
}
