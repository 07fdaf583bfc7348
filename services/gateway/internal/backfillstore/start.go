package backfillstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfill"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Start chooses as Plan does, and starts a backfill of what it chose. If that is
// nothing, it starts nothing, and the id of the backfill is zero. It fails with
// *[backfill.TooManyError], ErrNoQueue, ErrBusy or ErrUnavailable.
func (s *Store) Start(ctx context.Context, actor string, job carillon.Job, r backfill.Range, rate int) (b Backfill, plan Plan, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := takeTurn(ctx, tx, job.ID); err != nil {
			return err
		}
		if plan, err = s.plan(ctx, tx, job.ID, r); err != nil || len(plan.Fires) == 0 {
			return err
		}
		b = Backfill{
			ID: uuid.Must(uuid.NewV7()), JobID: job.ID, Namespace: job.Namespace, From: r.From, To: r.To,
			Mode: r.Mode, Schedule: r.Schedule, Rate: rate, Count: len(plan.Fires), Actor: actor, CreatedAt: now(),
		}
		return b.write(ctx, tx, plan.Fires)
	})
	if err == nil && b.Count > 0 {
		s.written()
	}
	return b, plan, err
}

// now is the present, in the microseconds that Postgres keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// takeTurn waits for the other backfills of the job that are being chosen.
func takeTurn(ctx context.Context, tx pgx.Tx, job uuid.UUID) error {
	var queue bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM queues WHERE name = 'low') FROM pg_advisory_xact_lock(hashtextextended($1, 0))`,
		"backfill/"+job.String()).Scan(&queue)
	if err != nil {
		return fmt.Errorf("start backfill: %w", err)
	}
	if !queue {
		return ErrNoQueue
	}
	return nil
}

func (b Backfill) write(ctx context.Context, tx pgx.Tx, fires []time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO backfills (id, job_id, namespace, begins, ends, mode, schedule, rate, fires, actor, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		b.ID, b.JobID, b.Namespace, b.From, b.To, b.Mode, b.Schedule, b.Rate, fires, b.Actor, b.CreatedAt)
	b.log(batch, b.Actor, "created", nil)
	b.announce(batch, wire.Backfill{ID: b.ID, JobID: b.JobID, Fires: fires, Rate: b.Rate})
	return tx.SendBatch(ctx, batch).Close()
}

// log writes the audit log's line of what somebody made of the backfill.
func (b Backfill) log(batch *pgx.Batch, actor, action string, before []byte) {
	auditlog.Append(batch, auditlog.Change{
		Actor: actor, Namespace: b.Namespace, Action: action, Object: "backfill/" + b.ID.String(), Before: before, After: b.encode(),
	})
}

func (b Backfill) encode() []byte {
	text, _ := json.Marshal(b) // cannot fail: plain data
	return text
}

func (b Backfill) announce(batch *pgx.Batch, message wire.Backfill) {
	outbox.Append(batch, topology.Backfill(b.JobID, b.ID), wire.Encode(message))
}
