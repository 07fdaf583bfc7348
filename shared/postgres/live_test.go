package postgres_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/jackc/pgx/v5/pgxpool"
)

// emptied is a database without a schema, and a pool whose statements wait for a
// lock as long as those of services do.
func emptied(t *testing.T) (string, *pgxpool.Pool) {
	t.Helper()
	url := pgtest.Database(t)
	pool := open(t, postgres.Config{URL: url})
	exec(t, pool, "DROP SCHEMA public CASCADE")
	exec(t, pool, "CREATE SCHEMA public")
	return url, pool
}

// writing is what the first version writes all the time, and goes on writing while
// a newer one migrates.
var writing = []string{
	`INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, planned_at)
		SELECT gen_random_uuid(), now(), gen_random_uuid(), 'job', 'default', 'schedule', 'running', 1, 'default', now() FROM generate_series(1, 20)`,
	`UPDATE runs SET state = 'succeeded' WHERE state = 'running'`,
	`INSERT INTO attempts (fire_time, run_id, number, started_at) SELECT now(), gen_random_uuid(), 1, now() FROM generate_series(1, 20)`,
	`INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from)
		VALUES (gen_random_uuid(), 'default', gen_random_uuid(), 1, 'default', '{}', now())`,
	`UPDATE jobs SET revision = revision + 1 WHERE id = (SELECT min(id::text)::uuid FROM jobs)`,
	`INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor) VALUES (gen_random_uuid(), 1, 'created', '{}', now(), 'x')`,
	`INSERT INTO outbox (subject, payload) VALUES ('x', '')`,
	`DELETE FROM outbox`,
	`UPDATE queues SET weight = weight`,
	`INSERT INTO audit_log (actor, action, object) VALUES ('x', 'x', 'x')`,
}

// write runs statements until stop is closed. None may fail.
func write(t *testing.T, pool *pgxpool.Pool, stop <-chan struct{}) {
	for {
		for _, sql := range writing {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := pool.Exec(context.Background(), sql); err != nil {
				t.Errorf("%s: %v", sql, err)
				return
			}
		}
	}
}

// TestMigrationsRunWhileTheVersionBeforeWrites takes a database through all
// migrations, one by one, by two processes at once, under writers that know
// nothing of them.
func TestMigrationsRunWhileTheVersionBeforeWrites(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	url, pool := emptied(t)
	if err := postgres.MigrateTo(t.Context(), url, 1); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "SELECT ensure_day_partition(current_date + n) FROM generate_series(-1, 1) AS n")
	stop := make(chan struct{})
	var writers, migrating sync.WaitGroup
	for range 3 {
		writers.Go(func() { write(t, pool, stop) })
	}
	for version := 2; version <= len(files); version++ {
		for range 2 {
			migrating.Go(func() {
				if err := postgres.MigrateTo(t.Context(), url, int32(version)); err != nil {
					t.Errorf("%d: %v", version, err)
				}
			})
		}
		migrating.Wait()
	}
	close(stop)
	writers.Wait()
	if got := value[int](t, pool, "SELECT version FROM schema_version"); got != len(files) {
		t.Errorf("version %d of %d", got, len(files))
	}
}

// TestAMigrationLetsOthersPass holds up a migration by a reader, and writes
// meanwhile to the table that it is to change.
func TestAMigrationLetsOthersPass(t *testing.T) {
	t.Parallel()
	url, pool := emptied(t)
	const before = 4 // the next one changes queues
	if err := postgres.MigrateTo(t.Context(), url, before); err != nil {
		t.Fatal(err)
	}
	reader, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Rollback(context.Background()) }()
	if _, err := reader.Exec(t.Context(), "SELECT FROM queues"); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() { migrated <- postgres.MigrateTo(t.Context(), url, before+1) }()
	for until := time.Now().Add(2500 * time.Millisecond); time.Now().Before(until); {
		exec(t, pool, "UPDATE queues SET weight = weight")
	}
	select {
	case err := <-migrated:
		t.Fatalf("migrated while a reader had the table: %v", err)
	default:
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
}
