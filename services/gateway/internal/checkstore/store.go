// Package checkstore keeps checks in Postgres. Like a queue's, a change is one
// transaction with its line in the audit log. The recorder sees it there.
package checkstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The refusals.
var (
	ErrNotFound  = errors.New("no such check")
	ErrNameTaken = errors.New("another check of the namespace has that name")
)

// Store reads and writes checks. It is safe for concurrent use.
type Store struct{ pool *pgxpool.Pool }

// New returns the store of a database.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

// State is a check, and what was heard of it.
type State struct {
	carillon.Check
	Status     carillon.CheckStatus `json:"status" doc:"How it is." enum:"new,up,late,overdue,failed,paused"`
	PingedAt   *time.Time           `json:"pinged_at,omitempty" doc:"When it was last heard of."`
	StartedAt  *time.Time           `json:"started_at,omitempty" doc:"When the run began that has not ended."`
	ExpectedAt *time.Time           `json:"expected_at,omitempty" doc:"When the next ping is expected."`
	DeadlineAt *time.Time           `json:"deadline_at,omitempty" doc:"When it is overdue."`
	ExitCode   *int                 `json:"exit_code,omitempty" doc:"That of the last run that said one."`
	Message    string               `json:"message,omitempty" doc:"What the last ping said."`
}

const selectCheck = `
	SELECT c.id, c.token, c.revision, c.document, coalesce(s.status, 'new'), s.pinged_at, s.started_at, s.expected_at,
		s.deadline_at, s.exit_code, coalesce(s.message, '')
	FROM checks c LEFT JOIN check_states s ON s.check_id = c.id `

func scan(row pgx.CollectableRow) (c State, err error) {
	var document []byte
	err = row.Scan(&c.ID, &c.Token, &c.Revision, &document, &c.Status, &c.PingedAt, &c.StartedAt, &c.ExpectedAt, &c.DeadlineAt, &c.ExitCode, &c.Message)
	if err == nil {
		err = json.Unmarshal(document, &c.CheckDocument)
	}
	c.Status = c.statusAt(time.Now())
	return c, err
}

// statusAt is what was heard, seen at an instant.
func (c *State) statusAt(now time.Time) carillon.CheckStatus {
	switch {
	case c.Paused:
		return carillon.CheckPaused
	case c.Status == carillon.CheckFailed:
	case c.DeadlineAt != nil && !now.Before(*c.DeadlineAt):
		return carillon.CheckOverdue
	case c.ExpectedAt != nil && c.StartedAt == nil && !now.Before(*c.ExpectedAt):
		return carillon.CheckLate
	}
	return c.Status
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func find(ctx context.Context, db querier, which string, args ...any) ([]State, error) {
	rows, err := db.Query(ctx, selectCheck+which, args...)
	if err != nil {
		return nil, fmt.Errorf("read checks: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

func one(ctx context.Context, db querier, which string, args ...any) (State, error) {
	found, err := find(ctx, db, which, args...)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return State{}, err
	}
	return found[0], nil
}

// byID is the condition for one check, within a scope.
const byID = `WHERE c.id = $1 AND ($2::text[] IS NULL OR c.namespace = ANY($2))`

// Get returns a check. It fails with ErrNotFound.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (State, error) {
	return one(ctx, s.pool, byID, id, scope.From(ctx).Names())
}

// Has reports whether a token is that of a check, of whatever namespace: the token is
// all that a ping shows.
func (s *Store) Has(ctx context.Context, token uuid.UUID) (has bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM checks WHERE token = $1)`, token).Scan(&has)
	return has, err
}

// Position is a place in the list, which is ordered by namespace and name.
type Position struct {
	Namespace string `json:"n"`
	Name      string `json:"m"`
}

// PositionOf returns the place of a check.
func PositionOf(c State) Position { return Position{c.Namespace, c.Name} }

// List returns the checks of a namespace, or of all within the scope for "", that
// come first after a position.
func (s *Store) List(ctx context.Context, namespace string, after Position, limit int) ([]State, error) {
	return find(ctx, s.pool, `
		WHERE ($1::text[] IS NULL OR c.namespace = ANY($1)) AND (c.namespace, c.name) > ($2, $3) ORDER BY c.namespace, c.name LIMIT $4`,
		scope.From(ctx).Within(namespace).Names(), after.Namespace, after.Name, limit)
}
