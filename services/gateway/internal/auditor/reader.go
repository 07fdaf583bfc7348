package auditor

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Audit is what one that nobody asked for has found.
type Audit struct {
	From        time.Time `json:"from" doc:"Where the one before ended."`
	To          time.Time `json:"to" doc:"The end of the window, excluded."`
	Expected    int       `json:"expected" doc:"Fires that the revisions of all jobs call for."`
	Pending     int       `json:"pending" doc:"Fires that had no end then; those without a row are looked for again each time."`
	Unexplained int       `json:"unexplained" doc:"Fires without a row that were nowhere."`
	Unexpected  int       `json:"unexpected" doc:"Rows that no fire calls for."`
	Stale       int       `json:"stale" doc:"Rows that were planned in spite of an edit or a pause."`
	CreatedAt   time.Time `json:"created_at"`
}

// Reader reads audits. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader of a database.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool} }

// List returns the newest audits that begin before an instant, the newest first; the
// zero time is before none. They are of all namespaces, so a limited scope has none.
func (r *Reader) List(ctx context.Context, before time.Time, limit int) ([]Audit, error) {
	rows, err := r.pool.Query(ctx, `
		SELECT begins, ends, expected, pending, unexplained, unexpected, stale, created_at FROM audits
		WHERE begins < coalesce($1::timestamptz, 'infinity') AND $3 ORDER BY begins DESC LIMIT $2`,
		zeronull.Timestamptz(before), limit, scope.From(ctx).IsAll())
	if err != nil {
		return nil, wrapped(err)
	}
	audits, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Audit])
	return audits, wrapped(err)
}
