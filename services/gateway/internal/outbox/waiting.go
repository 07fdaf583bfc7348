package outbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Waiting returns, by subject, how many messages have not been published yet: the
// newest of it.
func Waiting(ctx context.Context, db querier) (map[string]int, error) {
	rows, err := db.Query(ctx, `SELECT subject, count(*) FROM outbox GROUP BY subject`)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	waiting := map[string]int{}
	var subject string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&subject, &n}, func() error {
		waiting[subject] = n
		return nil
	})
	return waiting, err
}
