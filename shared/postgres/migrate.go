package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable holds the number of the last migration that ran.
const versionTable = "public.schema_version"

// ErrNewerSchema says that a newer binary has migrated the database.
var ErrNewerSchema = errors.New("the database is newer than this binary")

const (
	// migrationLockTimeout is how long a migration waits for a lock. While it does,
	// whoever wants the table after it waits as well: live services, that is.
	migrationLockTimeout = 3 * time.Second
	// migrationPause lets those go on before the next try.
	migrationPause = time.Second
)

// Migrate brings the schema up to this binary's version, each migration in a
// transaction. An advisory lock makes services that start at once take turns;
// all but the first find nothing to do. A migration that does not get its locks
// gives way, and is tried again until ctx ends.
func Migrate(ctx context.Context, url string) error {
	for {
		err := migrateOnce(ctx, url)
		if err == nil {
			return nil
		}
		if !isLocked(err) {
			return fmt.Errorf("migrate the database: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("migrate the database: %w", err)
		case <-time.After(migrationPause):
		}
	}
}

// isLocked tells whether a lock was waited for in vain.
func isLocked(err error) bool {
	server, ok := errors.AsType[*pgconn.PgError](err)
	return ok && server.Code == "55P03"
}

func migrateOnce(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	config.RuntimeParams["lock_timeout"] = milliseconds(migrationLockTimeout)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // also gives up the lock, if the context ended
	return migrateOn(ctx, conn)
}

func migrateOn(ctx context.Context, conn *pgx.Conn) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return err
	}
	if err := m.LoadMigrations(files); err != nil {
		return err
	}
	if version, err := m.GetCurrentVersion(ctx); err == nil && int(version) > len(m.Migrations) {
		return fmt.Errorf("%w: its schema has version %d and this binary knows %d: run a newer carillon",
			ErrNewerSchema, version, len(m.Migrations))
	}
	return m.Migrate(ctx)
}
