package index

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func exec(t *testing.T, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	announced = `SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE NOT indisvalid AND relkind = 'p'`
	built     = `SELECT count(*) FROM pg_inherits WHERE inhparent = 'runs_queue_idx'::regclass`
)

// TestAnAnnouncedIndexIsBuiltWhileOthersWrite also leaves behind what an
// interrupted build of a day would.
func TestAnAnnouncedIndexIsBuiltWhileOthersWrite(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := Build(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if n := count(t, pool, announced); n != 0 {
		t.Fatalf("%d indexes of the schema are not built", n)
	}
	exec(t, pool, `SELECT ensure_day_partition(date '2026-11-20' + n) FROM generate_series(0, 2) AS n`)
	exec(t, pool, `CREATE INDEX runs_queue_idx ON ONLY runs (queue, fire_time DESC) WHERE queue <> 'default'`)
	exec(t, pool, `CREATE INDEX runs_20261121_queue_idx ON runs_20261121 (queue)`) // not what it should be
	exec(t, pool, `SELECT ensure_day_partition('2026-11-23')`)
	if n := count(t, pool, built); n != 1 {
		t.Errorf("%d days have the index from the start", n)
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			_, err := pool.Exec(context.Background(), `
				INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, planned_at)
				VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'job', 'default', 'schedule', 'failed', 1, 'low', now())`,
				time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	if err := Build(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := count(t, pool, built); n != 4 {
		t.Errorf("%d days have the index", n)
	}
	if n := count(t, pool, announced); n != 0 {
		t.Errorf("%d indexes are left", n)
	}
}
