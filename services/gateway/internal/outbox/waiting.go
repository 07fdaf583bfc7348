package outbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Waiting returns the subjects of all messages that have not been published yet.
func Waiting(ctx context.Context, db Querier) (map[string]bool, error) {
	rows, err := db.Query(ctx, `SELECT DISTINCT subject FROM outbox`)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	waiting := map[string]bool{}
	var subject string
	_, err = pgx.ForEachRow(rows, []any{&subject}, func() error {
		waiting[subject] = true
		return nil
	})
	return waiting, err
}
