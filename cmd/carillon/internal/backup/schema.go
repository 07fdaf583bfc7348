package backup

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// checkSchema refuses a database whose schema has another version than wanted: its
// tables may have other columns.
func checkSchema(ctx context.Context, db querier, want int32) error {
	var version int32
	if err := db.QueryRow(ctx, `SELECT version FROM schema_version`).Scan(&version); err != nil {
		return fmt.Errorf("is DATABASE_URL that of a Carillon? %w", err)
	}
	if version != want {
		return fmt.Errorf("the schema of the database has version %d, not %d", version, want)
	}
	return nil
}
