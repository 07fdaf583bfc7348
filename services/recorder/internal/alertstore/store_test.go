package alertstore

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// world is a database with alerts in it.
type world struct {
	*Store
	pool *pgxpool.Pool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &world{New(pool), pool}
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// job defines one that somebody changed three hours ago, and that has not succeeded since.
func (w *world) job(t *testing.T, namespace string) uuid.UUID {
	t.Helper()
	id := uuid.New()
	w.exec(t, `INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from)
		VALUES ($1, $2, 'job', 1, 'default', '{"alerts":{"no_success_for":"1h"}}', now() - interval '3 hours')`, id, namespace)
	w.exec(t, `INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor)
		SELECT id, 1, 'updated', document, effective_from, 'somebody' FROM jobs WHERE id = $1`, id)
	return id
}

// open lists the kinds of the open alerts of a job, after a look at it.
func (w *world) open(t *testing.T, id uuid.UUID) string {
	t.Helper()
	if err := w.Look(t.Context(), map[uuid.UUID]*alert.Evidence{id: {}}, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	rows, _ := w.pool.Query(t.Context(), `SELECT kind FROM alerts WHERE object_id = $1 AND ended_at IS NULL ORDER BY kind`, id)
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(kinds, " ")
}

const pause = `INSERT INTO pauses (namespace, revision, paused, effective_from, actor) VALUES ($1, $2, $3, now() - $4::interval, 'somebody')`

func TestSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		prepare func(t *testing.T, namespace string, id uuid.UUID)
		want    string
	}{
		"counts from somebody's last change": {func(*testing.T, string, uuid.UUID) {}, "silent"},
		"goes on through what adaptive rescheduling changes": {func(t *testing.T, _ string, id uuid.UUID) {
			w.exec(t, `UPDATE jobs SET revision = 2, effective_from = now() WHERE id = $1`, id)
			w.exec(t, `INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor, reason)
				SELECT id, 2, 'stretched', document, effective_from, 'adaptive', 'It failed.' FROM jobs WHERE id = $1`, id)
		}, "silent"},
		"is none in a paused namespace": {func(t *testing.T, namespace string, _ uuid.UUID) {
			w.exec(t, pause, namespace, 1, true, "2 hours")
		}, ""},
		"counts from the end of a pause": {func(t *testing.T, namespace string, _ uuid.UUID) {
			w.exec(t, pause, namespace, 1, true, "3 hours")
			w.exec(t, pause, namespace, 2, false, "30 minutes")
		}, ""},
		"is there once a pause has ended long ago": {func(t *testing.T, namespace string, _ uuid.UUID) {
			w.exec(t, pause, namespace, 1, true, "3 hours")
			w.exec(t, pause, namespace, 2, false, "2 hours")
		}, "silent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := uuid.NewString()
			id := w.job(t, namespace)
			c.prepare(t, namespace, id)
			if got := w.open(t, id); got != c.want {
				t.Errorf("open alerts %q, want %q", got, c.want)
			}
		})
	}
}
