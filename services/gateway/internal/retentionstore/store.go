// Package retentionstore keeps in Postgres for how long runs are kept. The recorder
// reads it and removes them; nobody else needs to know, so a change is one
// transaction with its line in the audit log, and no message.
//
// A retention stands for itself: that of a namespace takes nothing from the
// default, so whoever reads it knows what holds.
package retentionstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that a namespace has no retention of its own.
var ErrNotFound = errors.New("the namespace has no retention of its own")

// Store reads and writes retentions. It is safe for concurrent use.
type Store struct{ pool *pgxpool.Pool }

// New returns the store of a database.
func New(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

const columns = `namespace, keep, states`

// List returns the default, which holds for everybody, and then those of namespaces
// within the scope, by name.
func (s *Store) List(ctx context.Context) ([]Retention, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+columns+` FROM retention
		WHERE namespace = '' OR $1::text[] IS NULL OR namespace = ANY($1) ORDER BY namespace`, scope.From(ctx).Names())
	if err != nil {
		return nil, fmt.Errorf("list retentions: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

// Put stores a valid retention in place of the one of its namespace, or of the
// default if it names none. It fails with *[scope.ForeignError].
func (s *Store) Put(ctx context.Context, actor string, retention Retention) error {
	if err := scope.From(ctx).Check(retention.Namespace); err != nil {
		return err
	}
	return s.change(ctx, actor, retention.Namespace, func(before *Retention) (*Retention, error) {
		return &retention, nil
	})
}

// Delete makes the default hold for a namespace. It fails with ErrNotFound.
func (s *Store) Delete(ctx context.Context, actor, namespace string) error {
	return s.change(ctx, actor, namespace, func(before *Retention) (*Retention, error) {
		if before == nil {
			return nil, ErrNotFound
		}
		return nil, nil
	})
}

// change writes what edit makes of a retention; nil is none, before as after. If
// nothing changes, it writes nothing.
func (s *Store) change(ctx context.Context, actor, namespace string, edit func(before *Retention) (*Retention, error)) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// The first of a namespace has no row to lock. Readers go on.
		if _, err := tx.Exec(ctx, `LOCK TABLE retention IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return fmt.Errorf("lock retentions: %w", err)
		}
		before, err := find(ctx, tx, namespace)
		if err != nil {
			return err
		}
		after, err := edit(before)
		if err != nil || before != nil && after != nil && before.equal(*after) {
			return err
		}
		return write(ctx, tx, actor, namespace, before, after)
	})
}

func find(ctx context.Context, tx pgx.Tx, namespace string) (*Retention, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM retention
		WHERE namespace = $1 AND ($2::text[] IS NULL OR namespace = ANY($2))`, namespace, scope.From(ctx).Names())
	if err != nil {
		return nil, fmt.Errorf("read retention: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &found, err
}

func write(ctx context.Context, tx pgx.Tx, actor, namespace string, before, after *Retention) error {
	batch := &pgx.Batch{}
	if after == nil {
		batch.Queue(`DELETE FROM retention WHERE namespace = $1`, namespace)
	} else {
		batch.Queue(`
			INSERT INTO retention (namespace, keep, states) VALUES ($1, $2, $3)
			ON CONFLICT (namespace) DO UPDATE SET keep = excluded.keep, states = excluded.states, updated_at = now()`,
			namespace, after.Keep/day, daysOf(after.States))
	}
	auditlog.Append(batch, auditlog.Change{
		Actor: actor, Namespace: namespace, Action: action(before, after), Object: "retention", Before: encode(before), After: encode(after),
	})
	return tx.SendBatch(ctx, batch).Close()
}

// scan reads a row, whose durations are days.
func scan(row pgx.CollectableRow) (Retention, error) {
	var r Retention
	var states map[carillon.State]int
	err := row.Scan(&r.Namespace, &r.Keep, &states)
	r.Keep *= day
	for state, days := range states {
		if r.States == nil {
			r.States = map[carillon.State]carillon.Duration{}
		}
		r.States[state] = carillon.Duration(days) * day
	}
	return r, err
}

func daysOf(states map[carillon.State]carillon.Duration) map[carillon.State]int {
	days := map[carillon.State]int{}
	for state, keep := range states {
		days[state] = int(keep / day)
	}
	return days
}

// action names a change in the audit log.
func action(before, after *Retention) string {
	switch {
	case before == nil:
		return "created"
	case after == nil:
		return "deleted"
	}
	return "updated"
}

// encode returns a retention's JSON; nil for none.
func encode(r *Retention) []byte {
	if r == nil {
		return nil
	}
	data, _ := json.Marshal(r) // cannot fail: it holds only data
	return data
}
