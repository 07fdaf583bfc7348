package queuestore

import (
	"context"
	"fmt"
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/jackc/pgx/v5"
)

// unclaimed makes sure that no other queue has one of a queue's hosts, and that
// none takes one until the transaction ends.
func unclaimed(ctx context.Context, tx pgx.Tx, queue carillon.Queue) error {
	if len(queue.Hosts) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `LOCK TABLE queues IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return fmt.Errorf("lock queues: %w", err)
	}
	rows, err := tx.Query(ctx, `
		SELECT name, host FROM queues, unnest(hosts) AS host WHERE name <> $1 AND host = ANY($2) ORDER BY name, host`,
		queue.Name, queue.Hosts)
	if err != nil {
		return fmt.Errorf("compare hosts: %w", err)
	}
	var faults fault.Faults
	var owner string
	var host carillon.Host
	_, err = pgx.ForEachRow(rows, []any{&owner, &host}, func() error {
		faults.Add(fmt.Sprintf("hosts[%d]", slices.Index(queue.Hosts, host)), "%s belongs to the queue %s", host, owner)
		return nil
	})
	if err != nil {
		return err
	}
	return faults.Err()
}
