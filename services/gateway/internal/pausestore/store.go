// Package pausestore keeps in Postgres which namespaces are paused, and whether
// everything is.
//
//	namespace billing   ──────[ 1: paused ]────[ 2: resumed ]──────▶ time
//	everything          ───────────[ 1: paused ]────────[ 2: … ]───▶
//	its jobs fire       × × ×                            × × ×
//
// A namespace has a pause of its own, and everything has one; each is a row of
// changes that take effect as package effect says. A job fires while neither its
// namespace nor everything nor itself is paused, so resuming one of them leaves
// the others as they are. A namespace need not have jobs: it is paused for those
// to come.
//
// Like a job's, a change is one transaction with its line in the audit log and its
// message in the outbox. Changes are rare, and there is no row to lock before the
// first of a namespace, so they take turns at the whole table.
package pausestore

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Pause is one change of a pause, and so its state until the next; revision 0 says
// that there was none.
type Pause struct {
	Namespace     string    `json:"namespace,omitempty" doc:"The namespace that is meant; missing for everything." example:"billing"`
	Paused        bool      `json:"paused"`
	Revision      int64     `json:"revision" doc:"Number of the change, from 1; 0 if there was none."`
	EffectiveFrom time.Time `json:"effective_from,omitzero" doc:"It holds for fire times from here on."`
	Actor         string    `json:"actor,omitempty" doc:"Name of the key that paused or resumed."`
	Reason        string    `json:"reason,omitempty" doc:"Why, as it was given."`
	CreatedAt     time.Time `json:"created_at,omitzero" doc:"When it was paused or resumed."`
}

// Store reads and writes pauses. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	written func()
}

// New returns the store of a database. It calls written after every commit that
// left something in the outbox.
func New(pool *pgxpool.Pool, written func()) *Store {
	return &Store{pool: pool, written: written}
}

const columns = ` coalesce(namespace, ''), paused, revision, effective_from, actor, reason, created_at `

// List returns all that is paused, everything first and then by namespace. A pause
// of everything is within each scope: it holds there too.
func (s *Store) List(ctx context.Context) ([]Pause, error) {
	return read(ctx, s.pool, `SELECT`+columns+`FROM latest_pauses
		WHERE paused AND (namespace IS NULL OR $1::text[] IS NULL OR namespace = ANY($1)) ORDER BY namespace NULLS FIRST`,
		scope.From(ctx).Names())
}

// Holding returns what keeps the jobs of a namespace paused: nothing, everything,
// the namespace, or both in this order.
func (s *Store) Holding(ctx context.Context, namespace string) ([]Pause, error) {
	return read(ctx, s.pool, `SELECT`+columns+`FROM latest_pauses
		WHERE paused AND (namespace IS NULL OR namespace = $1) ORDER BY namespace NULLS FIRST`, namespace)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func read(ctx context.Context, db querier, sql string, args ...any) ([]Pause, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read pauses: %w", err)
	}
	changes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Pause])
	for i := range changes {
		changes[i].EffectiveFrom, changes[i].CreatedAt = changes[i].EffectiveFrom.UTC(), changes[i].CreatedAt.UTC()
	}
	return changes, err
}
