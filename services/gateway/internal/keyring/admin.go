package keyring

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/belief"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// The names of the admin keys that a gateway makes.
const (
	fromSetting = "admin (CARILLON_ADMIN_KEY)"
	fromFile    = "admin"
	// installer is who makes them, to the audit log.
	installer = "gateway"
)

// InstallSecret makes the given secret an admin key, in the place of any that
// was installed like this before.
func (k *Keyring) InstallSecret(ctx context.Context, secret string) error {
	if err := k.insert(ctx, fromSetting, secret); err != nil {
		return err
	}
	hash := belief.HashOf(secret)
	rows, err := k.pool.Query(ctx, `SELECT id FROM keys WHERE name = $1 AND hash <> $2`, fromSetting, hash[:])
	if err != nil {
		return fmt.Errorf("replace the admin key: %w", err)
	}
	replaced, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("replace the admin key: %w", err)
	}
	for _, id := range replaced {
		err := k.Revoke(scope.With(ctx, scope.All()), installer, id)
		if err != nil && !errors.Is(err, ErrNotFound) { // by another gateway that starts
			return err
		}
	}
	return nil
}

// InstallFile makes the key in a file an admin key. Without the file, and while
// there is no key at all, it makes a new key and writes the file.
func (k *Keyring) InstallFile(ctx context.Context, path string) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k.firstKey(ctx, path)
	}
	if err != nil {
		return fmt.Errorf("admin key file: %w", err)
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" {
		return fmt.Errorf("admin key file %s is empty; remove it", path)
	}
	return k.insert(ctx, fromFile, secret)
}

// firstKey writes the file before the key counts: a key that counts but that
// nobody knows would lock everybody out.
func (k *Keyring) firstKey(ctx context.Context, path string) error {
	var exists bool
	if err := k.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM keys)`).Scan(&exists); err != nil {
		return fmt.Errorf("look for keys: %w", err)
	}
	if exists {
		slog.Warn("no admin key file, but keys exist; none was made", "file", path)
		return nil
	}
	secret := belief.NewSecret(Prefix)
	if err := writeNew(path, secret+"\n"); err != nil {
		return fmt.Errorf("admin key file: %w", err)
	}
	return k.insert(ctx, fromFile, secret)
}

func writeNew(path, content string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// insert makes an admin key, without a limit, unless it is one already.
func (k *Keyring) insert(ctx context.Context, name, secret string) error {
	hash, unlimited := belief.HashOf(secret), 0
	entry := APIKey{ID: uuid.New(), Name: name, Role: Admin, Rate: &unlimited, CreatedAt: time.Now().UTC()}
	err := pgx.BeginFunc(ctx, k.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE`); err != nil { // other gateways start too
			return err
		}
		var exists bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM keys WHERE hash = $1)`, hash[:]).Scan(&exists)
		if err != nil || exists {
			return err
		}
		batch := &pgx.Batch{}
		entry.insert(batch, hash)
		auditlog.Append(batch, entry.change(installer, issued))
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("install the admin key: %w", err)
	}
	return nil
}
