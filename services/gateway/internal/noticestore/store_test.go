package noticestore

import (
	"os"
	"slices"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func newStore(t *testing.T) *Store {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return New(pool)
}

func (s *Store) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// A channel that refuses for two days does not make its news wait anew.
func TestOnlyNewsThatNobodyKnowsOfIsForgotten(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.exec(t, `INSERT INTO alert_routes (id, namespace, name, document, version) VALUES ($1, 'default', 'r', '{}', 1)`, uuid.New())
	for key, retry := range map[string]string{"refused": "1 minute", "given up": "2 days", "never tried": ""} {
		s.exec(t, `INSERT INTO alert_groups (route_id, key, since, told_at, retry_at)
			SELECT id, $1, now() - interval '3 days', now(), now() - nullif($2, '')::interval FROM alert_routes`, key, retry)
	}
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, _ := s.pool.Query(t.Context(), `SELECT key FROM alert_groups WHERE since IS NOT NULL`)
	if left, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || !slices.Equal(left, []string{"refused"}) {
		t.Errorf("news is left of %q, %v", left, err)
	}
}

func TestAlertsAreListedByState(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.exec(t, `INSERT INTO alerts (object, object_id, namespace, name, labels, kind, reason, times, started_at, renewed_at, ended_at)
		SELECT 'job', gen_random_uuid(), 'default', 'j', '{}', 'failing', '', 1, now(), now(), CASE WHEN n % 2 = 0 THEN now() END FROM generate_series(1, 4) n`)
	for state, want := range map[string][]int64{"": {4, 3, 2, 1}, "firing": {3, 1}, "resolved": {4, 2}} {
		alerts, err := s.List(scope.With(t.Context(), scope.All()), Filter{State: state, Limit: 10})
		var ids []int64
		for _, a := range alerts {
			ids = append(ids, a.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v, %v", state, ids, want, err)
		}
	}
}
