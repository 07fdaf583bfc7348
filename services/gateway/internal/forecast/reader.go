package forecast

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// latestRuns is how many runs the durations are taken from: enough for a mean,
// and few enough to be read from the end of the ledger at once.
const latestRuns = 20_000

// Reader forecasts from what the database holds. It is safe for concurrent use.
type Reader struct {
	pool *pgxpool.Pool
	turn chan struct{} // holds something while a forecast is made
}

// NewReader returns a reader of a database.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool, make(chan struct{}, 1)} }

// Forecast forecasts some minutes from now on, of the jobs of a namespace, or of
// all within the scope if that is "". It waits for the forecasts before it, or until
// ctx ends.
func (r *Reader) Forecast(ctx context.Context, namespace string, now time.Time, minutes int) (*Forecast, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	within := scope.From(ctx)
	queues, err := r.queues(ctx, within)
	if err != nil {
		return nil, err
	}
	routes, err := r.routes(ctx)
	if err != nil {
		return nil, err
	}
	return Of(ctx, r.jobs(ctx, within.Within(namespace), routes), queues, now, minutes)
}

// queues reads how long runs take. Who has a limited scope is told of his own: how
// long those of others take is theirs to know. They are read by their index.
func (r *Reader) queues(ctx context.Context, within scope.Scope) ([]Queue, error) {
	args := pgx.NamedArgs{"latest": latestRuns}
	rows, err := r.pool.Query(ctx, `
		WITH latest AS (`+latest(within, args)+`), taken AS (
			SELECT queue, avg(extract(epoch FROM finished_at - started_at))::float8 AS seconds FROM latest
			WHERE started_at IS NOT NULL AND finished_at IS NOT NULL GROUP BY queue
		)
		SELECT name, concurrency, coalesce(seconds, 0) FROM queues LEFT JOIN taken ON queue = name`, args)
	if err != nil {
		return nil, fmt.Errorf("read queues: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Queue])
}

// latest selects the latest runs: of everybody, or of each namespace of a scope.
func latest(within scope.Scope, args pgx.NamedArgs) string {
	if within.IsAll() {
		return `SELECT queue, started_at, finished_at FROM runs ORDER BY fire_time DESC, id DESC LIMIT @latest`
	}
	args["namespaces"] = within.Names()
	return `
		SELECT own.* FROM unnest(@namespaces::text[]) AS wanted CROSS JOIN LATERAL (
			SELECT queue, started_at, finished_at FROM runs WHERE namespace = wanted ORDER BY fire_time DESC, id DESC LIMIT @latest
		) AS own`
}

// routes returns the rules of queues for hosts.
func (r *Reader) routes(ctx context.Context) (carillon.Routes, error) {
	rows, err := r.pool.Query(ctx, `SELECT name, hosts FROM queues WHERE hosts <> '{}'`)
	if err != nil {
		return carillon.Routes{}, fmt.Errorf("read queues: %w", err)
	}
	var queues []carillon.Queue
	var queue carillon.Queue
	_, err = pgx.ForEachRow(rows, []any{&queue.Name, &queue.Hosts}, func() error {
		queues = append(queues, queue)
		return nil
	})
	return carillon.RoutesOf(queues), err
}

// selectActive selects the jobs that nothing keeps paused.
const selectActive = `
	SELECT id, document FROM jobs WHERE NOT paused AND ($1::text[] IS NULL OR namespace = ANY($1))
	AND NOT EXISTS (SELECT FROM latest_pauses WHERE paused AND namespace IS NULL)
	AND namespace NOT IN (SELECT namespace FROM latest_pauses WHERE paused AND namespace IS NOT NULL)`

// jobs reads the active jobs, one at a time.
func (r *Reader) jobs(ctx context.Context, within scope.Scope, routes carillon.Routes) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		rows, err := r.pool.Query(ctx, selectActive, within.Names())
		if err != nil {
			yield(Job{}, fmt.Errorf("read jobs: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			if job, err := scan(rows, routes); !yield(job, err) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Job{}, fmt.Errorf("read jobs: %w", err))
		}
	}
}

func scan(rows pgx.Rows, routes carillon.Routes) (Job, error) {
	var id uuid.UUID
	var text []byte
	if err := rows.Scan(&id, &text); err != nil {
		return Job{}, err
	}
	var document carillon.Document
	if err := json.Unmarshal(text, &document); err != nil {
		return Job{}, err
	}
	compiled, err := document.Schedule.Compile(id.String())
	if err != nil {
		return Job{}, fmt.Errorf("job %s: %w", id, err)
	}
	return Job{Schedule: compiled, Queue: routes.Queue(document.Queue, document.Target.URL), Endpoint: endpoint(document.Target.URL)}, nil
}

// endpoint is the host that an address calls, with its port if it names one. What
// follows may have placeholders, and be no address yet.
func endpoint(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return strings.ToLower(rest)
}
