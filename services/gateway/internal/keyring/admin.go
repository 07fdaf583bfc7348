package keyring

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/google/uuid"
)

// The names of the admin keys that a gateway makes.
const (
	fromSetting = "admin (CARILLON_ADMIN_KEY)"
	fromFile    = "admin"
)

// InstallSecret makes the given secret an admin key, in the place of any that
// was installed like this before.
func (k *Keyring) InstallSecret(ctx context.Context, secret string) error {
	hash := sha256.Sum256([]byte(secret))
	_, err := k.pool.Exec(ctx, `DELETE FROM keys WHERE name = $1 AND hash <> $2`, fromSetting, hash[:])
	if err != nil {
		return fmt.Errorf("replace the admin key: %w", err)
	}
	return k.insert(ctx, fromSetting, secret)
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
	secret := NewSecret()
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

func (k *Keyring) insert(ctx context.Context, name, secret string) error {
	hash := sha256.Sum256([]byte(secret))
	_, err := k.pool.Exec(ctx, `
		INSERT INTO keys (id, name, hash, role) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO NOTHING`, uuid.New(), name, hash[:], Admin)
	if err != nil {
		return fmt.Errorf("install the admin key: %w", err)
	}
	return nil
}
