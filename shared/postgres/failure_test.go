package postgres_test

import (
	"context"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
)

// nowhere is the URL of a server that does not exist.
func nowhere(t *testing.T) string {
	return "postgres://carillon@/carillon?host=" + url.PathEscape(t.TempDir())
}

func TestStatementsThatAreUnavailableOrNot(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	pool := open(t, postgres.Config{URL: database, StatementTimeout: 200 * time.Millisecond})
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "LOCK TABLE keys"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sql  string
		want bool
	}{
		{"SELECT 1", false},
		{"SELECT pg_sleep(60)", true},
		{"SELECT 1 FROM keys", true}, // waits for the lock
		{"SELECT pg_terminate_backend(pg_backend_pid())", true},
		{"DO $$ BEGIN RAISE 'two wait for each other' USING ERRCODE = 'deadlock_detected'; END $$", true},
		{"SELECT 1/0", false},
		{"SELEKT", false},
		{"INSERT INTO queues (name, concurrency, weight) VALUES ('low', 1, 1)", false},
	} {
		if _, err := pool.Exec(t.Context(), c.sql); postgres.IsUnavailable(err) != c.want {
			t.Errorf("%s: unavailable is not %v: %v", c.sql, c.want, err)
		}
	}
}

func TestConnectionsThatAreUnavailableOrNot(t *testing.T) {
	t.Parallel()
	other, err := url.Parse(pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	other.Path = "/nosuchdatabase"
	for _, c := range []struct {
		name, url string
		want      bool
	}{
		{"no socket", nowhere(t), true},
		{"no listener", "postgres://carillon@127.0.0.1:1/carillon", true},
		{"no database", other.String(), false},
	} {
		if err := open(t, postgres.Config{URL: c.url}).Ping(t.Context()); err == nil || postgres.IsUnavailable(err) != c.want {
			t.Errorf("%s: unavailable is not %v: %v", c.name, c.want, err)
		}
	}
}

func TestContextsThatAreUnavailableOrNot(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := pool.Exec(late, "SELECT pg_sleep(60)"); !postgres.IsUnavailable(err) {
		t.Errorf("a deadline: %v", err)
	}
	given, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := pool.Exec(given, "SELECT pg_sleep(60)"); err == nil || postgres.IsUnavailable(err) {
		t.Errorf("a cancelled call: %v", err)
	}
}

func TestUniqueViolationIsToldByItsConstraint(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	insert := `INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from)
		VALUES (gen_random_uuid(), 'default', 'same', 1, 'default', '{}', now())`
	exec(t, pool, insert)
	_, err := pool.Exec(t.Context(), insert)
	if !postgres.IsUniqueViolation(err, "jobs_namespace_name_key") || postgres.IsUniqueViolation(err, "jobs_pkey") {
		t.Fatalf("got %v", err)
	}
	if postgres.IsUniqueViolation(nil, "jobs_namespace_name_key") {
		t.Fatal("no error is no violation")
	}
}

func TestNullViolationIsToldByItsColumn(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	_, err := pool.Exec(t.Context(), `INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from)
		VALUES (gen_random_uuid(), 'default', 'one', 1, (SELECT name FROM queues WHERE name = 'nowhere' FOR KEY SHARE), '{}', now())`)
	if !postgres.IsNullViolation(err, "jobs", "queue") || postgres.IsNullViolation(err, "jobs", "name") || postgres.IsNullViolation(nil, "jobs", "queue") {
		t.Fatalf("got %v", err)
	}
}

func TestThePoolOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	config := pgserver.Config{Dir: reachableDir(t), NoSync: true}
	server := start(t, config)
	pool := open(t, postgres.Config{URL: server.URL(), MaxConns: 2})
	exec(t, pool, "SELECT 1")
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := pool.Ping(t.Context()); !postgres.IsUnavailable(err) {
			t.Fatalf("during the outage: %v", err)
		}
	}
	start(t, config)
	exec(t, pool, "SELECT 1")
}

// reachableDir is a folder that other users may enter, unlike t.TempDir's.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "outage")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, config pgserver.Config) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}
