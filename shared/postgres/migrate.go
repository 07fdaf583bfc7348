package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable holds the number of the last migration that ran.
const versionTable = "public.schema_version"

// ErrNewerSchema says that a newer binary has migrated the database.
var ErrNewerSchema = errors.New("the database is newer than this binary")

// Migrate brings the schema up to this binary's version, each migration in a
// transaction. An advisory lock makes services that start at once take turns;
// all but the first find nothing to do.
func Migrate(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // also gives up the lock, if the context ended
	if err := migrateOn(ctx, conn); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
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
