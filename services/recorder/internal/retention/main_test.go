package retention

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// now is the instant of all sweeps in the tests.
var now = time.Date(2026, 3, 31, 3, 0, 0, 0, time.UTC)

// ago is noon of a day that is gone for n whole days: the youngest that a
// retention of n days removes.
func ago(n int) time.Time { return time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC).AddDate(0, 0, -n) }

// world is a database with runs in it.
type world struct {
	pool *pgxpool.Pool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &world{pool}
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// query returns the rows of a query that selects one text.
func (w *world) query(t *testing.T, sql string, args ...any) []string {
	t.Helper()
	rows, err := w.pool.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// record writes runs and an attempt of each, as they are recorded a second after
// their fire times.
func (w *world) record(t *testing.T, namespace, state string, at time.Time, runs int) {
	t.Helper()
	w.recordLate(t, namespace, state, at, at.Add(time.Second), runs)
}

func (w *world) recordLate(t *testing.T, namespace, state string, at, recorded time.Time, runs int) {
	t.Helper()
	w.exec(t, `SELECT ensure_day_partition($1::date)`, at)
	w.exec(t, `
		WITH run AS (
			INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, planned_at, recorded_at)
			SELECT gen_random_uuid(), $3, gen_random_uuid(), 'job', $1, 'schedule', $2, 1, 'default', $3, $4 FROM generate_series(1, $5)
			RETURNING id, fire_time
		)
		INSERT INTO attempts (fire_time, run_id, number, started_at) SELECT fire_time, id, 1, fire_time FROM run`,
		namespace, state, at, recorded, runs)
}

// keep says for how long runs are kept.
func (w *world) keep(t *testing.T, namespace string, days int, states string) {
	t.Helper()
	w.exec(t, `INSERT INTO retention (namespace, keep, states) VALUES ($1, $2, $3)
		ON CONFLICT (namespace) DO UPDATE SET keep = excluded.keep, states = excluded.states`, namespace, days, states)
}

func (w *world) sweep(t *testing.T) {
	t.Helper()
	if err := New(w.pool).Sweep(context.Background(), now); err != nil {
		t.Fatal(err)
	}
}

// runs tells how many runs there are by namespace, state and age of their day; of
// each the attempt has to be there.
func (w *world) runs(t *testing.T) []string {
	t.Helper()
	if stray := w.query(t, `
		SELECT coalesce(r.id, a.run_id)::text FROM runs r FULL JOIN attempts a ON a.fire_time = r.fire_time AND a.run_id = r.id
		WHERE r.id IS NULL OR a.run_id IS NULL`); len(stray) > 0 {
		t.Errorf("runs without attempts, or attempts without runs: %d", len(stray))
	}
	got := w.query(t, `SELECT concat_ws(' ', namespace, state, '2026-03-30'::date - fire_time::date, count(*))
		FROM runs GROUP BY namespace, state, fire_time::date`)
	slices.Sort(got)
	return got
}

// partitions are the days that have tables, by age.
func (w *world) partitions(t *testing.T) []string {
	t.Helper()
	return w.query(t, `SELECT ('2026-03-30'::date - to_date(right(relname, 8), 'YYYYMMDD'))::text
		FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'runs'::regclass ORDER BY relname DESC`)
}
