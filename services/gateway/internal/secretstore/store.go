// Package secretstore keeps secrets in Postgres, sealed.
//
//	PUT ─▶ seal ─▶ secrets ─▶ outbox ─▶ JOBS ─▶ runners, which open them
//
// A value is sealed before it gets near the database, and nothing here opens one
// but to see whether it is the same again, or to seal it under a newer master key.
// Like a queue's, a change is one transaction with its line in the audit log, which
// tells of the version alone, and its message in the outbox.
//
// A change keeps the version before it: what signs goes on signing with both, so
// that receivers may learn the new one at their leisure. The change after that
// drops it.
package secretstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The refusals.
var (
	ErrNotFound = errors.New("no such secret")
	ErrInUse    = errors.New("jobs use the secret")
)

// Store reads and writes secrets. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	keys    *seal.Keys
	written func()
}

// New returns the store of a database, which seals with the given keys. It calls
// written after every commit that left something in the outbox.
func New(pool *pgxpool.Pool, keys *seal.Keys, written func()) *Store {
	return &Store{pool: pool, keys: keys, written: written}
}

// row is a row of the table.
type row struct {
	carillon.SecretName
	created, updated time.Time
	secret           wire.Secret
}

const selectSecret = `SELECT namespace, name, created_at, updated_at, version, sealed, previous_version, previous_sealed FROM secrets `

func scan(from pgx.CollectableRow) (*row, error) {
	var r row
	var previousVersion *int64
	var previousText []byte
	err := from.Scan(&r.Namespace, &r.Name, &r.created, &r.updated,
		&r.secret.Current.Version, &r.secret.Current.Text, &previousVersion, &previousText)
	if previousVersion != nil {
		r.secret.Previous = &wire.Sealed{Version: *previousVersion, Text: previousText}
	}
	return &r, err
}

// lock returns a secret for a change, or nil if there is none.
func lock(ctx context.Context, tx pgx.Tx, name carillon.SecretName) (*row, error) {
	rows, err := tx.Query(ctx, selectSecret+`
		WHERE namespace = $1 AND name = $2 AND ($3::text[] IS NULL OR namespace = ANY($3)) FOR UPDATE`,
		name.Namespace, name.Name, scope.From(ctx).Names())
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return found, err
}

func (r *row) place(version int64) seal.Place {
	return seal.Place{Namespace: r.Namespace, Name: r.Name, Version: version}
}
