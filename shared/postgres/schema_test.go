package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestSchemaKeepsItsConventions(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	const tables = `FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'schema_version'`
	silent := value[[]string](t, pool, `SELECT coalesce(array_agg(relname::text), '{}') `+tables+
		` AND coalesce(obj_description(oid), '') !~ 'written by the (gateway|recorder)$'`)
	if len(silent) > 0 {
		t.Errorf("tables that do not say who writes them: %v", silent)
	}
	zoneless := value[[]string](t, pool, `SELECT coalesce(array_agg(table_name || '.' || column_name), '{}')
		FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'`)
	if len(zoneless) > 0 {
		t.Errorf("instants without a zone: %v", zoneless)
	}
}

func TestBuiltInQueues(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	got := value[[]string](t, pool, "SELECT array_agg(concat_ws(' ', name, concurrency, weight, paused::text) ORDER BY name) FROM queues")
	var want []string
	for _, q := range carillon.BuiltinQueues() {
		want = append(want, fmt.Sprint(q.Name, " ", q.Concurrency, " ", q.Weight, " ", q.Paused))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestChecksKnowTheVocabulary(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	for constraint, want := range map[string][]string{
		"runs_state_check":  texts(carillon.States()),
		"runs_kind_check":   texts(carillon.Kinds()),
		"alerts_kind_check": texts(carillon.AlertKinds()),
	} {
		got := value[[]string](t, pool, `SELECT array_agg(word[1] ORDER BY word[1])
			FROM pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''', 'g') AS word
			WHERE conname = $1 AND conrelid = split_part($1, '_', 1)::regclass`, constraint)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", constraint, diff)
		}
	}
}

func texts[T ~string](words []T) []string {
	var all []string
	for _, word := range words {
		all = append(all, string(word))
	}
	return all
}

// insertRun puts a run into the ledger and is the partition that it went to.
func insertRun(t *testing.T, pool *pgxpool.Pool, fireTime time.Time) string {
	t.Helper()
	return value[string](t, pool, `INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, planned_at)
		VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'job', 'default', 'schedule', 'queued', 1, 'default', now())
		RETURNING tableoid::regclass::text`, fireTime)
}

func TestPartitionsAreUTCDays(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	// In the zone of the session, all of these bounds are on another day.
	exec(t, pool, "BEGIN; SET LOCAL TimeZone = 'Pacific/Kiritimati'; SELECT ensure_day_partition('2026-11-23'); SELECT ensure_day_partition('2026-11-24'); COMMIT")
	midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{midnight.AddDate(0, 0, -1), "runs_20261123"},
		{midnight.Add(-time.Microsecond), "runs_20261123"},
		{midnight, "runs_20261124"},
		{midnight.Add(24*time.Hour - time.Microsecond), "runs_20261124"},
	} {
		if got := insertRun(t, pool, c.at); got != c.want {
			t.Errorf("%s went to %s", c.at, got)
		}
	}
}

func TestPartitionHasItsParentsIndexesAndChecks(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	exec(t, pool, "SELECT ensure_day_partition('2026-11-23')")
	for parent, partition := range map[string]string{"runs": "runs_20261123", "attempts": "attempts_20261123"} {
		const count = `SELECT count(*) FROM pg_index WHERE indrelid = $1::text::regclass`
		const attached = ` AND indexrelid IN (SELECT inhrelid FROM pg_inherits)`
		want := value[int](t, pool, count, parent)
		all, inherited := value[int](t, pool, count, partition), value[int](t, pool, count+attached, partition)
		if all != want || inherited != want {
			t.Errorf("%s has %d indexes, %d of them its parent's %d", partition, all, inherited, want)
		}
	}
	if _, err := pool.Exec(t.Context(), "INSERT INTO attempts VALUES ('2026-11-23T12:00Z', gen_random_uuid(), 0, now())"); err == nil {
		t.Error("attempt 0 was taken")
	}
}

func TestManyRecordersEnsureTheSameDay(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	// A recorder in the middle of its batch keeps nobody from making a partition.
	exec(t, pool, "SELECT ensure_day_partition('2026-11-22')")
	batch, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = batch.Rollback(context.Background()) }()
	if _, err := batch.Exec(t.Context(), "UPDATE runs SET reason = ''"); err != nil {
		t.Fatal(err)
	}
	const recorders = 8
	results := make(chan error, recorders)
	for range recorders {
		go func() {
			_, err := pool.Exec(t.Context(), "SELECT ensure_day_partition('2026-11-23')")
			results <- err
		}()
	}
	for range recorders {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestDroppedDayCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	for _, dropped := range []string{"runs_20261123", "attempts_20261123", "runs_20261123, attempts_20261123"} {
		exec(t, pool, "SELECT ensure_day_partition('2026-11-23')")
		exec(t, pool, "SELECT ensure_day_partition('2026-11-23')")
		insertRun(t, pool, time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))
		exec(t, pool, "DROP TABLE "+dropped)
	}
}
