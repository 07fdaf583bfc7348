package queuestore

import (
	"context"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/jackc/pgx/v5"
)

// Republish puts into the outbox every queue that differs from the published
// one of its name, and the deletion of every published queue that is not there
// any more. It returns how many it put.
//
// It keeps writers out of the table meanwhile: a name that is absent has no row to
// lock, and its deletion must not be put after a creation that it did not see.
func (s *Store) Republish(ctx context.Context, published map[string]carillon.Queue) (n int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE queues IN SHARE MODE`); err != nil {
			return fmt.Errorf("lock queues: %w", err)
		}
		rows, err := tx.Query(ctx, selectQueue+`ORDER BY name`)
		if err != nil {
			return fmt.Errorf("compare queues: %w", err)
		}
		queues, err := pgx.CollectRows(rows, pgx.RowToStructByPos[carillon.Queue])
		if err != nil {
			return err
		}
		batch := difference(queues, published)
		n = batch.Len()
		return tx.SendBatch(ctx, batch).Close()
	})
	if err == nil && n > 0 {
		s.written()
	}
	return n, err
}

func difference(queues []carillon.Queue, published map[string]carillon.Queue) *pgx.Batch {
	batch := &pgx.Batch{}
	stored := map[string]bool{}
	for _, queue := range queues {
		stored[queue.Name] = true
		if !published[queue.Name].Equal(queue) {
			outbox.Append(batch, topology.Queue(queue.Name), encode(&queue))
		}
	}
	for name := range published {
		if !stored[name] {
			outbox.Append(batch, topology.Queue(name), encode(nil))
		}
	}
	return batch
}
