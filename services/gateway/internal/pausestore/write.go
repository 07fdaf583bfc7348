package pausestore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/effect"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
)

// Change is what somebody wants of a pause.
type Change struct {
	Namespace string // a valid one; empty for everything
	Paused    bool
	Actor     string
	Reason    string // may be empty
}

// Set pauses or resumes, and returns what holds then. If that is so already,
// nothing is written, and the reason for it stays. It fails with
// *[scope.ForeignError].
func (s *Store) Set(ctx context.Context, wanted Change) (Pause, error) {
	if err := wanted.check(scope.From(ctx)); err != nil {
		return Pause{}, err
	}
	var after Pause
	wrote := false
	err := s.exclusively(ctx, func(tx pgx.Tx) error {
		before, err := last(ctx, tx, wanted.Namespace)
		after = before
		if err != nil || before.Paused == wanted.Paused {
			return err
		}
		wrote = true
		after = wanted.after(before)
		return write(ctx, tx, before, after)
	})
	if err == nil && wrote {
		s.written()
	}
	return after, err
}

func (c Change) check(within scope.Scope) error {
	if c.Namespace == "" {
		return within.CheckAll()
	}
	return within.Check(c.Namespace)
}

// exclusively does something while nobody else changes a pause. Readers go on.
func (s *Store) exclusively(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE pauses IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return fmt.Errorf("lock pauses: %w", err)
		}
		return do(tx)
	})
}

// last returns the last change of a pause, or one of revision 0.
func last(ctx context.Context, tx pgx.Tx, namespace string) (Pause, error) {
	states, err := read(ctx, tx, `SELECT`+columns+`FROM pauses
		WHERE coalesce(namespace, '') = $1 ORDER BY revision DESC LIMIT 1`, namespace)
	if err != nil || len(states) == 0 {
		return Pause{Namespace: namespace}, err
	}
	return states[0], nil
}

func (c Change) after(before Pause) Pause {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return Pause{
		Namespace: c.Namespace, Paused: c.Paused, Revision: before.Revision + 1, Actor: c.Actor, Reason: c.Reason,
		EffectiveFrom: effect.From(now, before.EffectiveFrom), CreatedAt: now,
	}
}

func write(ctx context.Context, tx pgx.Tx, before, after Pause) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO pauses (namespace, paused, revision, effective_from, actor, reason, created_at)
		VALUES (nullif($1, ''), $2, $3, $4, $5, $6, $7)`,
		after.Namespace, after.Paused, after.Revision, after.EffectiveFrom, after.Actor, after.Reason, after.CreatedAt)
	auditlog.Append(batch, auditlog.Change{
		Actor: after.Actor, Namespace: after.Namespace, Action: after.action(), Object: after.object(), Before: encode(before), After: encode(after),
	})
	outbox.Append(batch, topology.Pause(after.Namespace), wire.Encode(after.message()))
	return tx.SendBatch(ctx, batch).Close()
}

func (p Pause) message() wire.Pause {
	return wire.Pause{Namespace: p.Namespace, Revision: p.Revision, Paused: p.Paused, EffectiveFrom: p.EffectiveFrom}
}

// action and object name a change in the audit log.
func (p Pause) action() string {
	if p.Paused {
		return "paused"
	}
	return "resumed"
}

func (p Pause) object() string {
	if p.Namespace == "" {
		return "everything"
	}
	return "namespace/" + p.Namespace
}

// encode returns a change's JSON; nil before the first change.
func encode(change Pause) []byte {
	if change.Revision == 0 {
		return nil
	}
	data, _ := json.Marshal(change) // cannot fail: it holds only data
	return data
}
