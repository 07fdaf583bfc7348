// Package login knows which browsers are logged in, and as whom.
//
//	API key ────────┐
//	                ├─▶ login, a row ─▶ cookie: 256 random bits
//	OpenID Connect ─┘        └─▶ ended: by its time, a logout, or the end of its key
//
// A cookie stands for a row, which holds its hash alone; so a login survives the
// restart of a gateway, holds at all of them, and can be ended. How it is found is
// the theory of package belief.
//
// Who logged in with a key may do what that key allows now. Who logged in elsewhere
// may do until the end of his login what was said of him when he came; so logins
// are short.
package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/belief"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Lifetime is how long a login lasts: a working day.
const Lifetime = 12 * time.Hour

// How many logins of one key, or of one person, there are at once. Those of a key
// share its rate, and each of a person's has one of its own.
const (
	mostByKey    = 100
	mostByPerson = 20
)

// ErrUnknown says that a cookie is that of no login, or of one that has ended.
var ErrUnknown = errors.New("the session is unknown or has ended: log in")

// Person is somebody whom another has told us of.
type Person struct {
	Name  string
	Role  keyring.Role
	Scope scope.Scope
}

// Logins keeps logins. It is safe for concurrent use.
type Logins struct {
	pool  *pgxpool.Pool
	known *belief.Belief[keyring.Key]
}

// New returns the logins of a database.
func New(pool *pgxpool.Pool) *Logins {
	l := &Logins{pool: pool}
	l.known = belief.New(l.load)
	return l
}

// Cookie is what a browser is given.
type Cookie struct {
	Secret string
	Ends   time.Time
}

// ByKey logs in the holder of a key.
func (l *Logins) ByKey(ctx context.Context, key keyring.Key) (Cookie, error) {
	ends := time.Now().Add(Lifetime)
	if !key.ExpiresAt.IsZero() && key.ExpiresAt.Before(ends) {
		ends = key.ExpiresAt
	}
	return l.begin(ctx, ends, trim{"key_id", key.ID, mostByKey}, `INSERT INTO logins (id, hash, expires_at, key_id) VALUES ($1, $2, $3, $4)`, key.ID)
}

// ByPerson logs in a person.
func (l *Logins) ByPerson(ctx context.Context, who Person) (Cookie, error) {
	return l.begin(ctx, time.Now().Add(Lifetime), trim{"name", who.Name, mostByPerson},
		`INSERT INTO logins (id, hash, expires_at, name, role, namespaces) VALUES ($1, $2, $3, $4, $5, $6)`,
		who.Name, who.Role, who.Scope.Names())
}

// trim says of which logins only so many are kept.
type trim struct {
	column string
	value  any
	most   int
}

// begin also removes what has ended, and the oldest of too many.
func (l *Logins) begin(ctx context.Context, ends time.Time, trim trim, insert string, args ...any) (Cookie, error) {
	cookie := Cookie{belief.NewSecret(""), ends.UTC().Truncate(time.Second)}
	hash := belief.HashOf(cookie.Secret)
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM logins WHERE expires_at <= now()`)
	batch.Queue(`DELETE FROM logins WHERE id IN (SELECT id FROM logins WHERE `+trim.column+` = $1 ORDER BY created_at DESC OFFSET $2)`, trim.value, trim.most-1)
	batch.Queue(insert, append([]any{uuid.New(), hash[:], cookie.Ends}, args...)...)
	if err := l.pool.SendBatch(ctx, batch).Close(); err != nil {
		return Cookie{}, fmt.Errorf("log in: %w", err)
	}
	return cookie, nil
}

// Find returns what the holder of a cookie may do, as if it were a key; ErrUnknown,
// or why Postgres cannot say.
func (l *Logins) Find(ctx context.Context, secret string) (keyring.Key, error) {
	key, err := l.known.Find(ctx, secret)
	if errors.Is(err, belief.ErrUnknown) {
		return key, ErrUnknown
	}
	return key, err
}

// Knows reports whether a cookie was found within the last hour, so that it is no
// guess.
func (l *Logins) Knows(secret string) bool { return l.known.Knows(secret) }

func (l *Logins) load(ctx context.Context, hash belief.Hash) (keyring.Key, time.Time, error) {
	rows, err := l.pool.Query(ctx, `
		SELECT coalesce(k.id, l.id), coalesce(k.name, l.name), coalesce(k.role, l.role),
			CASE WHEN k.id IS NULL THEN l.namespaces ELSE k.namespaces END, k.rate, k.expires_at, l.expires_at, k.id IS NULL
		FROM logins l LEFT JOIN keys k ON k.id = l.key_id
		WHERE l.hash = $1 AND l.expires_at > now() AND (k.expires_at IS NULL OR k.expires_at > now())`, hash[:])
	if err != nil {
		return keyring.Key{}, time.Time{}, fmt.Errorf("find login: %w", err)
	}
	var ends time.Time
	var person bool
	key, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (keyring.Key, error) {
		return keyring.Scan(row, &ends, &person)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return key, ends, belief.ErrUnknown
	}
	if person {
		key.ExpiresAt = ends // so that no key he issues outlives what was said of him
	}
	key.SessionEndsAt = ends
	return key, ends, err
}

// Run forgets logins that ended at another gateway, until ctx ends.
func (l *Logins) Run(ctx context.Context) error { return l.known.Doubt(ctx, l.standing) }

// standing returns those of some hashes that are of logins.
func (l *Logins) standing(ctx context.Context, hashes [][]byte) ([][]byte, error) {
	rows, err := l.pool.Query(ctx, `
		SELECT l.hash FROM logins l LEFT JOIN keys k ON k.id = l.key_id
		WHERE l.hash = ANY ($1) AND l.expires_at > now() AND (k.expires_at IS NULL OR k.expires_at > now())`, hashes)
	if err != nil {
		return nil, fmt.Errorf("confirm logins: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[[]byte])
}

// Revoked has the logins by a key looked up again, which go with it.
func (l *Logins) Revoked(key uuid.UUID) {
	l.known.ForgetAll(func(k keyring.Key) bool { return k.ID == key })
}

// End logs out whoever holds a cookie. One that nobody knows is no error.
func (l *Logins) End(ctx context.Context, secret string) error {
	hash := belief.HashOf(secret)
	if _, err := l.pool.Exec(ctx, `DELETE FROM logins WHERE hash = $1`, hash[:]); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	l.known.Forget(hash)
	return nil
}
