package keyring

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/belief"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// The actions in the audit log.
const (
	issued  = "created"
	revoked = "deleted"
)

// Wanted is a key that is to be issued.
type Wanted struct {
	Name string
	Role Role
	// Namespaces are what it is for; nil for those of whoever issues it.
	Namespaces []string
	Rate       *int       // most requests a second; nil for that of the settings
	ExpiresAt  *time.Time // nil for no end, or that of whoever issues it
}

// Issue makes a key in the name of the holder of another, and returns it and its
// secret, which nobody can be told again. Nobody grants more than he has: neither a
// higher role, nor other namespaces, nor a later end, nor more requests a second
// than his most; 0 is any number. It fails with fault.Faults or
// *[scope.ForeignError].
func (k *Keyring) Issue(ctx context.Context, by Key, most int, wanted Wanted) (entry APIKey, secret string, err error) {
	wanted.inherit(by)
	if err := wanted.check(by, most); err != nil {
		return entry, "", err
	}
	secret = belief.NewSecret(Prefix)
	entry = APIKey{
		ID: uuid.New(), Name: wanted.Name, Role: wanted.Role, Namespaces: wanted.Namespaces, Rate: wanted.Rate,
		CreatedAt: time.Now().UTC().Truncate(time.Microsecond), ExpiresAt: inUTC(wanted.ExpiresAt),
	}
	batch := &pgx.Batch{}
	entry.insert(batch, belief.HashOf(secret))
	auditlog.Append(batch, entry.change(by.Name, issued))
	if err := k.pool.SendBatch(ctx, batch).Close(); err != nil { // one transaction
		return entry, "", fmt.Errorf("issue key: %w", err)
	}
	return entry, secret, nil
}

func (w *Wanted) inherit(by Key) {
	if w.Namespaces == nil {
		w.Namespaces = by.Scope.Names()
	}
	if w.ExpiresAt == nil && !by.ExpiresAt.IsZero() {
		w.ExpiresAt = &by.ExpiresAt
	}
	if w.Rate == nil && by.Rate != nil && *by.Rate > 0 { // any number is not passed on unasked
		w.Rate = by.Rate
	}
}

func (w *Wanted) check(by Key, most int) error {
	var faults fault.Faults
	if !by.Role.Allows(w.Role) {
		faults.Add("role", "must not be more than yours, %s", by.Role)
	}
	if w.ExpiresAt != nil && !w.ExpiresAt.After(time.Now()) {
		faults.Add("expires_at", "must be in the future")
	}
	if w.ExpiresAt != nil && !by.ExpiresAt.IsZero() && w.ExpiresAt.After(by.ExpiresAt) {
		faults.Add("expires_at", "must not be after the end of your key, %s", by.ExpiresAt.UTC().Format(time.RFC3339))
	}
	if most > 0 && w.Rate != nil && *w.Rate > most {
		faults.Add("rate", "must not be more than yours, %d", most)
	}
	if err := faults.Err(); err != nil {
		return err
	}
	return by.Scope.CheckEach(w.Namespaces)
}

func (e APIKey) insert(batch *pgx.Batch, hash belief.Hash) {
	batch.Queue(`
		INSERT INTO keys (id, name, hash, role, namespaces, rate, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, e.Name, hash[:], e.Role, e.Namespaces, e.Rate, e.CreatedAt, e.ExpiresAt)
}

// Revoke removes a key in the name of the holder of another, or his own. It fails
// with ErrNotFound.
func (k *Keyring) Revoke(ctx context.Context, actor string, id uuid.UUID) error {
	var hash belief.Hash
	err := pgx.BeginFunc(ctx, k.pool, func(tx pgx.Tx) error {
		entry, err := remove(ctx, tx, id, &hash)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		auditlog.Append(batch, entry.change(actor, revoked))
		return tx.SendBatch(ctx, batch).Close()
	})
	if err == nil {
		k.known.Forget(hash)
	}
	return err
}

func remove(ctx context.Context, tx pgx.Tx, id uuid.UUID, hash *belief.Hash) (APIKey, error) {
	entry, err := one(ctx, tx, id, ` FOR UPDATE`)
	if err != nil {
		return entry, err
	}
	var stored []byte
	if err := tx.QueryRow(ctx, `DELETE FROM keys WHERE id = $1 RETURNING hash`, id).Scan(&stored); err != nil {
		return entry, fmt.Errorf("revoke key: %w", err)
	}
	copy(hash[:], stored)
	return entry, nil
}
