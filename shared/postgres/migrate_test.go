package postgres_test

import (
	"errors"
	"testing"

	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
)

func TestManyServicesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pool := open(t, postgres.Config{URL: url})
	exec(t, pool, "DROP SCHEMA public CASCADE")
	exec(t, pool, "CREATE SCHEMA public")

	const services = 12
	results := make(chan error, services)
	for range services {
		go func() { results <- postgres.Migrate(t.Context(), url) }()
	}
	for range services {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := value[int](t, pool, "SELECT count(*) FROM queues"); n != 3 {
		t.Errorf("%d built-in queues", n)
	}
	if n := value[int](t, pool, "SELECT count(*) FROM schema_version"); n != 1 {
		t.Errorf("%d versions", n)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pool := open(t, postgres.Config{URL: url})
	exec(t, pool, "UPDATE schema_version SET version = 99")
	if err := postgres.Migrate(t.Context(), url); !errors.Is(err, postgres.ErrNewerSchema) {
		t.Fatalf("got %v", err)
	}
	if v := value[int](t, pool, "SELECT version FROM schema_version"); v != 99 {
		t.Fatalf("the version was changed to %d", v)
	}
}

func TestMigrateSaysThatTheServerIsAway(t *testing.T) {
	t.Parallel()
	if err := postgres.Migrate(t.Context(), nowhere(t)); !postgres.IsUnavailable(err) {
		t.Fatalf("got %v", err)
	}
}

// Backups are loaded under the schema that they were made with.
func TestMigrateToAVersion(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pool := open(t, postgres.Config{URL: url})
	newest := value[int32](t, pool, "SELECT version FROM schema_version")
	if err := postgres.MigrateTo(t.Context(), url, newest+1); !errors.Is(err, postgres.ErrNewerSchema) {
		t.Errorf("to one that is not known: %v", err)
	}
	if err := postgres.MigrateTo(t.Context(), url, 1); err != nil {
		t.Errorf("to one of before: %v", err)
	}
	if v := value[int32](t, pool, "SELECT version FROM schema_version"); v != newest {
		t.Errorf("the version was changed to %d", v)
	}
	exec(t, pool, "DROP SCHEMA public CASCADE")
	exec(t, pool, "CREATE SCHEMA public")
	if err := postgres.MigrateTo(t.Context(), url, 2); err != nil {
		t.Fatal(err)
	}
	if v := value[int32](t, pool, "SELECT version FROM schema_version"); v != 2 {
		t.Errorf("the version is %d, want 2", v)
	}
}
