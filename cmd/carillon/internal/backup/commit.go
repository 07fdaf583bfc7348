package backup

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// committed is what Postgres calls a transaction that has become true.
const committed = "committed"

// errUndecided says that a transaction goes on whose answer is lost.
var errUndecided = errors.New("it goes on in Postgres")

// became asks Postgres what became of the transaction, until it is decided. An answer
// to COMMIT may be lost though it was carried out.
func (r *restoring) became(ctx context.Context, system System) (status string, err error) {
	if r.id == "" {
		return "", nil // nobody has tried to commit it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	db, err := pgx.Connect(ctx, system.DatabaseURL)
	if err != nil {
		return "", err
	}
	defer db.Close(ctx)
	for {
		err := db.QueryRow(ctx, `SELECT pg_xact_status($1::text::xid8)`, r.id).Scan(&status)
		if err != nil || status != "in progress" {
			return status, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return "", errUndecided
		}
	}
}
