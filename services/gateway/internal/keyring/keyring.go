// Package keyring knows the API keys: who holds one, and what it allows.
//
// A key is shown once, when it is issued; what is stored is its hash. How a key is
// found, and for how long that is believed, is the theory of package belief.
//
//	issued ──▶ used … used ──▶ expired
//	               └─────────▶ revoked: gone, within 3 s at every gateway
//
// A key is never changed: what somebody may do is seen from the key that he was
// given. Nobody grants more than he has; see [Keyring.Issue].
//
// When a key was last used is noted in memory and written from time to time, for
// all keys at once: it tells a forgotten key from one that is needed, and costs no
// request a write.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/belief"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Prefix begins every generated key, so that leaked ones can be searched for.
const Prefix = "car_"

// The refusals.
var (
	// ErrUnknown says that no valid key is what was given.
	ErrUnknown = errors.New("the API key is unknown or has expired")
	// ErrNotFound says that there is no key with that id.
	ErrNotFound = errors.New("no such key")
)

// Key is what a valid key stands for.
type Key struct {
	ID   uuid.UUID
	Name string
	Role Role
	// Scope is what the key is for.
	Scope scope.Scope
	// Rate is the most requests a second; nil for that of the settings, 0 for any
	// number.
	Rate *int
	// ExpiresAt is its end, which no key that it issues outlives; zero if it has none.
	ExpiresAt time.Time
	// SessionEndsAt is the end of the session that stands for it; zero if none does.
	SessionEndsAt time.Time
}

// Keyring keeps keys. It is safe for concurrent use.
type Keyring struct {
	pool  *pgxpool.Pool
	known *belief.Belief[Key]

	mu   sync.Mutex
	used map[uuid.UUID]time.Time // and not written yet
}

// New returns the keyring of a database.
func New(pool *pgxpool.Pool) *Keyring {
	k := &Keyring{pool: pool, used: map[uuid.UUID]time.Time{}}
	k.known = belief.New(k.load)
	return k
}

// Find returns the key with the given secret, ErrUnknown, or why Postgres
// cannot say. The key counts as used.
func (k *Keyring) Find(ctx context.Context, secret string) (Key, error) {
	key, err := k.known.Find(ctx, secret)
	if errors.Is(err, belief.ErrUnknown) {
		return key, ErrUnknown
	}
	if err == nil {
		k.use(key.ID)
	}
	return key, err
}

// Knows reports whether a secret was found within the last hour, so that it is no
// guess.
func (k *Keyring) Knows(secret string) bool { return k.known.Knows(secret) }

func (k *Keyring) load(ctx context.Context, hash belief.Hash) (Key, time.Time, error) {
	rows, err := k.pool.Query(ctx, `
		SELECT id, name, role, namespaces, rate, expires_at FROM keys
		WHERE hash = $1 AND (expires_at IS NULL OR expires_at > now())`, hash[:])
	if err != nil {
		return Key{}, time.Time{}, fmt.Errorf("find key: %w", err)
	}
	key, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (Key, error) { return Scan(row) })
	if errors.Is(err, pgx.ErrNoRows) {
		return Key{}, time.Time{}, belief.ErrUnknown
	}
	return key, key.ExpiresAt, err
}

// standing returns those of some hashes that are of keys.
func (k *Keyring) standing(ctx context.Context, hashes [][]byte) ([][]byte, error) {
	rows, err := k.pool.Query(ctx, `SELECT hash FROM keys WHERE hash = ANY ($1) AND (expires_at IS NULL OR expires_at > now())`, hashes)
	if err != nil {
		return nil, fmt.Errorf("confirm keys: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[[]byte])
}

// Scan reads the columns id, name, role, namespaces, rate, expires_at, and more.
func Scan(row pgx.CollectableRow, more ...any) (key Key, err error) {
	var namespaces []string
	var end *time.Time
	err = row.Scan(append([]any{&key.ID, &key.Name, &key.Role, &namespaces, &key.Rate, &end}, more...)...)
	key.Scope = scope.All()
	if namespaces != nil {
		key.Scope = scope.Of(namespaces)
	}
	if end != nil {
		key.ExpiresAt = *end
	}
	return key, err
}
