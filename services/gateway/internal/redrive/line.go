package redrive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// line is what the audit log says of a redrive.
type line struct {
	actor, namespace string
	ended, run       uuid.UUID
}

// enter commits a line. Whoever else wants the same run done again waits, and finds
// it: it fails with ErrAgain if the log has one of the run.
func (r *Redriver) enter(ctx context.Context, l line) error {
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if err := takeTurn(ctx, tx, l.ended); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		auditlog.Append(batch, auditlog.Change{
			Actor: l.actor, Namespace: l.namespace, Action: "redriven", Object: object(l.ended), After: []byte(`{"run_id": "` + l.run.String() + `"}`),
		})
		return tx.SendBatch(ctx, batch).Close()
	})
}

// withdrawWait bounds the taking out of a line.
const withdrawWait = 5 * time.Second

// withdraw takes out the line of a run that was not started, even if whoever asked
// has gone.
func (r *Redriver) withdraw(ctx context.Context, ended, run uuid.UUID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawWait)
	defer cancel()
	_, err := r.pool.Exec(ctx, `
		DELETE FROM audit_log WHERE object = $1 AND action = 'redriven' AND after->>'run_id' = $2`, object(ended), run.String())
	if err != nil {
		return fmt.Errorf("withdraw redrive: %w", err)
	}
	return nil
}

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

func object(run uuid.UUID) string { return "run/" + run.String() }
