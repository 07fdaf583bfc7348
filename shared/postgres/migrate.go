package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable holds the number of the last migration that ran.
const versionTable = "public.schema_version"

// ErrNewerSchema says that a newer binary has migrated the database.
var ErrNewerSchema = errors.New("the schema is newer than this binary")

const (
	// migrationLockTimeout is how long a migration waits for a lock before it lets
	// others have theirs: whoever uses a table waits behind whoever wants to change
	// it, and that one behind the longest reader.
	migrationLockTimeout = time.Second
	// migrationPause lies between two tries. It is longer than writers need to
	// get through what has piled up.
	migrationPause = 500 * time.Millisecond
)

// Migrate brings the schema up to this binary's version, each migration in a
// transaction. An advisory lock makes services that start at once take turns;
// all but the first find nothing to do. Services of the version before may go on
// meanwhile: a migration that does not get its locks soon is given up and tried
// again, until ctx ends.
func Migrate(ctx context.Context, url string) error {
	return migrateTo(ctx, url, newest)
}

// newest stands for the last migration that there is.
const newest = -1

// Version is that of the schema that this binary works with.
func Version() int32 {
	files, _ := migrations.ReadDir("migrations") // embedded, so there
	return int32(len(files))
}

// MigrateTo is [Migrate] up to one migration only, for what was written under it. It
// fails with [ErrNewerSchema] if this binary does not know that one, and leaves a
// database that is beyond it as it is.
func MigrateTo(ctx context.Context, url string, version int32) error {
	return migrateTo(ctx, url, version)
}

// migrateTo runs the migrations up to one of them.
func migrateTo(ctx context.Context, url string, version int32) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // also gives up the lock, if the context ended
	_, err = conn.Exec(ctx, "SET lock_timeout = "+milliseconds(migrationLockTimeout))
	if err == nil {
		err = migrateOn(ctx, conn, version)
	}
	for isLockTimeout(err) && ctx.Err() == nil {
		lull.For(ctx, migrationPause)
		err = migrateOn(ctx, conn, version)
	}
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

func migrateOn(ctx context.Context, conn *pgx.Conn, version int32) error {
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
	switch {
	case version == newest:
		version = int32(len(m.Migrations))
	case int(version) > len(m.Migrations):
		return fmt.Errorf("%w: schema version %d is asked for and this binary knows %d: use a newer carillon", ErrNewerSchema, version, len(m.Migrations))
	}
	if current, err := m.GetCurrentVersion(ctx); err != nil || current >= version {
		return err
	}
	return m.MigrateTo(ctx, version)
}

func isLockTimeout(err error) bool {
	server, ok := errors.AsType[*pgconn.PgError](err)
	return ok && server.Code == "55P03"
}
