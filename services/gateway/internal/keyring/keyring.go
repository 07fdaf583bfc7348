// Package keyring knows the API keys: who holds one, and what it allows.
//
// A key is 256 random bits, so its plain SHA-256 is all that is stored: there is
// nothing to guess that a slow hash would protect. A key is looked up by that
// hash, so no comparison leaks by its timing.
//
// What was found is believed for a few seconds, so that a revoked key dies soon
// and a busy client costs no query per request. While Postgres is away, nobody
// can revoke a key either; so what was found last is believed then for longer,
// and the live feed goes on.
package keyring

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Prefix begins every generated key, so that leaked ones can be searched for.
const Prefix = "car_"

const (
	freshFor = 3 * time.Second
	// keptFor is how long a key is believed while Postgres is away.
	keptFor = time.Hour
)

// ErrUnknown says that no valid key is what was given.
var ErrUnknown = errors.New("the API key is unknown or has expired")

// Key is what a valid key stands for.
type Key struct {
	ID   uuid.UUID
	Name string
	Role Role
	// Scope is what the key is for.
	Scope scope.Scope
}

type found struct {
	key Key
	at  time.Time
}

// Keyring finds keys. It is safe for concurrent use.
type Keyring struct {
	pool  *pgxpool.Pool
	mu    sync.Mutex
	known map[[sha256.Size]byte]found
}

// New returns the keyring of a database.
func New(pool *pgxpool.Pool) *Keyring {
	return &Keyring{pool: pool, known: map[[sha256.Size]byte]found{}}
}

// Find returns the key with the given secret, ErrUnknown, or why Postgres
// cannot say.
func (k *Keyring) Find(ctx context.Context, secret string) (Key, error) {
	hash := sha256.Sum256([]byte(secret))
	last, ok := k.recall(hash)
	if ok && time.Since(last.at) < freshFor {
		return last.key, nil
	}
	key, err := k.load(ctx, hash)
	switch {
	case err == nil:
		k.remember(hash, key)
	case ok && postgres.IsUnavailable(err):
		return last.key, nil
	}
	return key, err
}

func (k *Keyring) load(ctx context.Context, hash [sha256.Size]byte) (Key, error) {
	rows, err := k.pool.Query(ctx, `
		SELECT id, name, role, namespaces FROM keys
		WHERE hash = $1 AND (expires_at IS NULL OR expires_at > now())`, hash[:])
	if err != nil {
		return Key{}, fmt.Errorf("find key: %w", err)
	}
	key, err := pgx.CollectExactlyOneRow(rows, scanKey)
	if errors.Is(err, pgx.ErrNoRows) {
		k.forget(hash)
		return Key{}, ErrUnknown
	}
	return key, err
}

func scanKey(row pgx.CollectableRow) (key Key, err error) {
	var namespaces []string
	err = row.Scan(&key.ID, &key.Name, &key.Role, &namespaces)
	key.Scope = scopeOf(namespaces)
	return key, err
}

// scopeOf is the scope of a column that is null for all namespaces.
func scopeOf(namespaces []string) scope.Scope {
	if namespaces == nil {
		return scope.All()
	}
	return scope.Of(namespaces)
}

func (k *Keyring) recall(hash [sha256.Size]byte) (found, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	last, ok := k.known[hash]
	return last, ok && time.Since(last.at) < keptFor
}

func (k *Keyring) remember(hash [sha256.Size]byte, key Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[hash] = found{key, time.Now()}
}

func (k *Keyring) forget(hash [sha256.Size]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, hash)
}

// NewSecret returns a fresh key.
func NewSecret() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails: it ends the process instead
	return Prefix + base64.RawURLEncoding.EncodeToString(bits[:])
}
