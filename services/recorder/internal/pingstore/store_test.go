package pingstore

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alertstore"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a database with one check, of which is to be heard each minute.
type world struct {
	*Store
	pool  *pgxpool.Pool
	token uuid.UUID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &world{New(pool, alertstore.New(pool)), pool, uuid.New()}
	w.exec(t, `INSERT INTO checks (id, token, namespace, name, revision, document)
		VALUES ($1, $1, 'default', 'backup', 1, '{"namespace":"default","name":"backup","period":"1m","grace":"1s"}')`, w.token)
	return w
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) ping(t *testing.T, event wire.PingEvent, at, now time.Time) {
	t.Helper()
	if err := w.Ping(t.Context(), w.token, wire.Ping{Event: event, At: at}, now); err != nil {
		t.Fatal(err)
	}
}

func (w *world) look(t *testing.T, heard, now time.Time) {
	t.Helper()
	if err := w.Look(t.Context(), heard, now); err != nil {
		t.Fatal(err)
	}
}

// alerts fails unless the kinds of the open alerts are these.
func (w *world) alerts(t *testing.T, want string) {
	t.Helper()
	rows, _ := w.pool.Query(t.Context(), `SELECT kind FROM alerts WHERE ended_at IS NULL ORDER BY kind`)
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if got := strings.Join(kinds, " "); err != nil || got != want {
		t.Errorf("open alerts %q, want %q, %v", got, want, err)
	}
}

// After an outage, pings come in an hour late, one after the other.
func TestNoPingIsMissedThatWaitsToBeNoted(t *testing.T) {
	t.Parallel()
	w, now := newWorld(t), noon.Add(time.Hour)
	for at := noon; at.Before(now); at = at.Add(time.Minute) {
		w.ping(t, wire.PingSuccess, at, now)
		w.look(t, at.Add(time.Minute), now)
		w.alerts(t, "")
	}
	w.look(t, now.Add(time.Minute), now.Add(time.Minute))
	w.alerts(t, "overdue")
	w.ping(t, wire.PingSuccess, noon, now.Add(time.Minute)) // was overtaken
	w.alerts(t, "overdue")
}

// A job crashes each time before it says that it has ended.
func TestStartsWithoutAnEndAreOverdue(t *testing.T) {
	t.Parallel()
	w, at := newWorld(t), noon
	w.ping(t, wire.PingSuccess, at, at)
	for range 3 {
		at = at.Add(time.Minute)
		w.ping(t, wire.PingStart, at, at)
	}
	w.look(t, at, at)
	w.alerts(t, "overdue")
	w.ping(t, wire.PingSuccess, at, at)
	w.alerts(t, "")
}

// A state is written, and the recorder dies before it has written what follows.
func TestAnAlertWithNothingWrongEnds(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]string{
		`deadline_at = NULL`:                           "failing",
		`deadline_at = deadline_at + interval '1 day'`: "failing",
		`status = 'up'`:                                "overdue",
		`status = 'up', deadline_at = NULL`:            "",
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			w, now := newWorld(t), noon.Add(time.Hour)
			w.ping(t, wire.PingFail, noon, noon)
			w.look(t, now, now)
			w.alerts(t, "failing overdue")
			w.exec(t, `UPDATE check_states SET `+state)
			w.look(t, now, now)
			w.alerts(t, want)
		})
	}
}

func TestWhatWasHeardOfADeletedCheckGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ping(t, wire.PingSuccess, noon, noon)
	for n, sql := range []string{`DELETE FROM checks`, `SELECT`} {
		var left int
		if err := w.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM check_states`).Scan(&left); err != nil || left != 1-n {
			t.Errorf("%d states, %v", left, err)
		}
		w.exec(t, sql)
	}
}

func TestAFailureThatWasOverlookedIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ping(t, wire.PingFail, noon, noon)
	w.exec(t, `UPDATE alerts SET ended_at = now()`)
	for range 2 {
		w.look(t, noon, noon)
		w.alerts(t, "failing")
	}
}
