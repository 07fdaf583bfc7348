package backfillstore

import (
	"context"
	"fmt"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Cancel ends a backfill: no more of its runs are handed out; those that have been
// are left. It fails with ErrNotFound, ErrEnded or ErrUnavailable.
func (s *Store) Cancel(ctx context.Context, actor string, id uuid.UUID) (Progress, error) {
	p, err := s.Get(ctx, id)
	if err != nil {
		return p, err
	}
	if p.State != Running && p.State != Stalled {
		return p, fmt.Errorf("%w: it is %s", ErrEnded, p.State)
	}
	at, before := now(), p.encode()
	p.State, p.CancelledAt = Cancelled, &at
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return p.cancel(ctx, tx, actor, before) })
	if err == nil {
		s.written()
	}
	return p, err
}

func (b Backfill) cancel(ctx context.Context, tx pgx.Tx, actor string, before []byte) error {
	tag, err := tx.Exec(ctx, `UPDATE backfills SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL`, b.ID, b.CancelledAt)
	if err != nil {
		return fmt.Errorf("cancel backfill: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: it is %s", ErrEnded, Cancelled)
	}
	batch := &pgx.Batch{}
	b.log(batch, actor, "cancelled", before)
	b.announce(batch, wire.Backfill{ID: b.ID, JobID: b.JobID, Ended: true})
	return tx.SendBatch(ctx, batch).Close()
}
