package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Versions returns the version of a database's schema, 0 if it has none, and the one
// that [Migrate] brings it to.
func Versions(ctx context.Context, pool *pgxpool.Pool) (found, wanted int, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, 0, err
	}
	err = pool.QueryRow(ctx, `SELECT version FROM `+versionTable).Scan(&found)
	if server, ok := errors.AsType[*pgconn.PgError](err); ok && server.Code == "42P01" { // there is no such table
		err = nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("version of the schema: %w", err)
	}
	return found, len(files), nil
}
