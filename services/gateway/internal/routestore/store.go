// Package routestore keeps alert routes in Postgres. The address of a route's
// channel, which holds a password or a token, is sealed before it gets near the
// database, and opened only to send. Like a queue's, a change is one transaction with
// its line in the audit log, which never tells of the address.
package routestore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that there is no such route.
var ErrNotFound = errors.New("no such alert route")

// Name is what a route is known by.
type Name struct{ Namespace, Name string }

// Store reads and writes routes. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
	keys *seal.Keys
}

// New returns the store of a database, which seals with the given keys.
func New(pool *pgxpool.Pool, keys *seal.Keys) *Store { return &Store{pool, keys} }

// row is a row of the table.
type row struct {
	notify.Route
	sealed  []byte
	version int64
}

// place binds a sealed address to its route: nobody can give a route another's.
func (r *row) place() seal.Place {
	return seal.Place{Namespace: r.Namespace, Name: "alert-route/" + r.ID.String(), Version: r.version}
}

const selectRoute = `SELECT id, namespace, name, document, channel, sealed, version, created_at, updated_at FROM alert_routes `

func scan(from pgx.CollectableRow) (r row, err error) {
	var document []byte
	err = from.Scan(&r.ID, &r.Namespace, &r.Name, &document, &r.Channel, &r.sealed, &r.version, &r.CreatedAt, &r.UpdatedAt)
	if err == nil {
		err = json.Unmarshal(document, &r.Document)
	}
	return r, err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func find(ctx context.Context, db querier, which string, args ...any) ([]row, error) {
	rows, err := db.Query(ctx, selectRoute+which, args...)
	if err != nil {
		return nil, fmt.Errorf("read alert routes: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

// named is the condition for one route, within a scope.
const named = `WHERE namespace = $1 AND name = $2 AND ($3::text[] IS NULL OR namespace = ANY($3))`

// Get returns a route. It fails with ErrNotFound.
func (s *Store) Get(ctx context.Context, name Name) (notify.Route, error) {
	found, err := find(ctx, s.pool, named, name.Namespace, name.Name, scope.From(ctx).Names())
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return notify.Route{}, err
	}
	return found[0].Route, nil
}

// List returns the routes of a namespace, or of all within the scope for "", that come first after a
// name.
func (s *Store) List(ctx context.Context, namespace string, after Name, limit int) ([]notify.Route, error) {
	found, err := find(ctx, s.pool, `
		WHERE ($1::text[] IS NULL OR namespace = ANY($1)) AND (namespace, name) > ($2, $3) ORDER BY namespace, name LIMIT $4`,
		scope.From(ctx).Within(namespace).Names(), after.Namespace, after.Name, limit)
	routes := make([]notify.Route, len(found))
	for i, r := range found {
		routes[i] = r.Route
	}
	return routes, err
}

// Address opens the address of a route's channel. It fails with ErrNotFound, or one
// of the errors of package seal.
func (s *Store) Address(ctx context.Context, id uuid.UUID) (string, error) {
	found, err := find(ctx, s.pool, `WHERE id = $1 AND sealed IS NOT NULL`, id)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return s.keys.Open(found[0].sealed, found[0].place())
}
