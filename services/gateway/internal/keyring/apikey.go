package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// APIKey is what may be known of a key: all but the key itself.
type APIKey struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	Name       string     `json:"name" doc:"What revisions and the audit log call its holder." example:"deploy"`
	Role       Role       `json:"role" enum:"viewer,operator,editor,admin"`
	Namespaces []string   `json:"namespaces,omitempty" doc:"The namespaces that it is for; missing for all." example:"[\"billing\"]"`
	Rate       *int       `json:"rate,omitempty" doc:"Most requests a second at one gateway; missing for that of CARILLON_KEY_RATE, 0 for any number." example:"100"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"When it ends; missing if it does not."`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"When it was last used, as noted from time to time; missing if it never was."`
}

// Position is a place in the list, which is ordered by name and id.
type Position struct {
	Name string    `json:"n"`
	ID   uuid.UUID `json:"i"`
}

// PositionOf returns the place of a key.
func PositionOf(e APIKey) Position { return Position{e.Name, e.ID} }

// selectKey selects keys whose namespaces are all within a scope.
const selectKey = `
	SELECT id, name, role, namespaces, rate, created_at, expires_at, last_used_at FROM keys
	WHERE ($1::text[] IS NULL OR namespaces <@ $1) AND `

// List returns the keys that come first after a place.
func (k *Keyring) List(ctx context.Context, after Position, limit int) ([]APIKey, error) {
	rows, err := k.pool.Query(ctx, selectKey+`(name, id) > ($2, $3) ORDER BY name, id LIMIT $4`,
		scope.From(ctx).Names(), after.Name, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return pgx.CollectRows(rows, scanKey)
}

// Get returns a key, or ErrNotFound.
func (k *Keyring) Get(ctx context.Context, id uuid.UUID) (APIKey, error) {
	return one(ctx, k.pool, id, "")
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func one(ctx context.Context, db querier, id uuid.UUID, locking string) (APIKey, error) {
	rows, err := db.Query(ctx, selectKey+`id = $2`+locking, scope.From(ctx).Names(), id)
	if err != nil {
		return APIKey{}, fmt.Errorf("read key: %w", err)
	}
	entry, err := pgx.CollectExactlyOneRow(rows, scanKey)
	if errors.Is(err, pgx.ErrNoRows) {
		return entry, ErrNotFound
	}
	return entry, err
}

func scanKey(row pgx.CollectableRow) (APIKey, error) {
	e, err := pgx.RowToStructByPos[APIKey](row)
	e.CreatedAt, e.ExpiresAt, e.LastUsedAt = e.CreatedAt.UTC(), inUTC(e.ExpiresAt), inUTC(e.LastUsedAt)
	return e, err
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// change is the line of the audit log for a key that was issued or revoked.
func (e APIKey) change(actor, action string) auditlog.Change {
	c := auditlog.Change{Actor: actor, Action: action, Object: "key/" + e.ID.String()}
	if len(e.Namespaces) == 1 {
		c.Namespace = e.Namespaces[0]
	}
	text, _ := json.Marshal(e) // cannot fail: plain data
	if action == revoked {
		c.Before = text
	} else {
		c.After = text
	}
	return c
}
