package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/eventually"
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

// A migration that waits for a table does not keep others from it.
func TestAMigrationGivesWayAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pool := open(t, postgres.Config{URL: url, StatementTimeout: time.Minute})
	exec(t, pool, "DROP SCHEMA public CASCADE")
	exec(t, pool, "CREATE SCHEMA public")
	exec(t, pool, "CREATE TABLE schema_version (version int4 NOT NULL)")
	exec(t, pool, "INSERT INTO schema_version VALUES (0)")
	reader, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Rollback(context.Background()) }()
	if _, err := reader.Exec(t.Context(), "LOCK TABLE schema_version IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() { migrated <- postgres.Migrate(t.Context(), url) }()
	waits := `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'schema_version'::regclass)`
	eventually.Succeeds(t, func() error {
		if !value[bool](t, pool, waits) {
			return errors.New("the migration does not wait")
		}
		return nil
	})
	exec(t, pool, "BEGIN; LOCK TABLE schema_version IN SHARE MODE; COMMIT") // comes behind the migration
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Fatal(err)
	}
}

func TestMigrateSaysThatTheServerIsAway(t *testing.T) {
	t.Parallel()
	if err := postgres.Migrate(t.Context(), nowhere(t)); !postgres.IsUnavailable(err) {
		t.Fatalf("got %v", err)
	}
}
