package reschedule

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const minute = 60 * schedule.Duration(1e9)

// world is a database with jobs, and what the pass asks of a gateway.
type world struct {
	pool  *pgxpool.Pool
	asked []wire.Adaptations
	fails error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &world{pool: pool}
}

// ask answers as a gateway does that writes all.
func (w *world) ask(_ context.Context, asked wire.Adaptations) (wire.Adapted, error) {
	if w.fails != nil {
		return wire.Adapted{}, w.fails
	}
	w.asked = append(w.asked, asked)
	return wire.Adapted{Applied: len(asked.Changes), Statements: 2}, nil
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// jobs makes jobs that have failed five times in a row.
func (w *world) jobs(t *testing.T, n int, prefix string, spec schedule.Spec) {
	t.Helper()
	document := carillon.Document{
		Schedule: spec, Target: carillon.Target{URL: "https://example.com/"}, Adaptive: &carillon.Adaptive{Mode: "auto"},
	}.WithDefaults()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	w.exec(t, `
		INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from, adaptive)
		SELECT gen_random_uuid(), 'default', $2 || n, 1, 'default', $3, now() - interval '1 day', 'auto' FROM generate_series(1, $1) AS n`,
		n, prefix, text)
	w.stats(t, prefix, ends{carillon.StateFailed, 5, 0})
}

// ends are so many runs that ended alike, one a minute.
type ends struct {
	state carillon.State
	n     int
	took  time.Duration
}

// stats makes the statistics of all jobs whose names begin with a prefix.
func (w *world) stats(t *testing.T, prefix string, all ...ends) {
	t.Helper()
	s, at := jobstat.Stats{}, time.Now().Truncate(time.Second).Add(-time.Hour)
	for _, alike := range all {
		for range alike.n {
			at = at.Add(time.Minute)
			s.Count(jobstat.End{
				RunID: uuid.New(), Kind: carillon.KindSchedule, FireTime: at, State: alike.state, StartedAt: at, FinishedAt: at.Add(alike.took),
			})
		}
	}
	w.exec(t, `DELETE FROM job_stats USING jobs WHERE job_id = id AND left(name, length($1)) = $1`, prefix)
	w.exec(t, `
		INSERT INTO job_stats (job_id, failure_streak, last_fire_time, last_state, data)
		SELECT id, $2, $3, $4, $5 FROM jobs WHERE left(name, length($1)) = $1`,
		prefix, s.Streak.Failures(), s.Last.FireTime, s.Last.State, s.Data())
}

func (w *world) idOf(t *testing.T, name string) (id uuid.UUID) {
	t.Helper()
	if err := w.pool.QueryRow(t.Context(), `SELECT id FROM jobs WHERE name = $1`, name).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) pass(t *testing.T) Report {
	t.Helper()
	report, err := Run(t.Context(), w.pool, w.ask)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// The statements of a pass over 10,000 jobs that all change, fires counted too.
func TestStatementsOfAPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.jobs(t, 10_000, "job-", schedule.Spec{Every: minute, Spread: "30s"})
	report := w.pass(t)
	if report.Jobs != 10_000 || report.Applied != 10_000 || report.Statements > 20 {
		t.Errorf("%+v", report)
	}
	seen := map[uuid.UUID]bool{}
	for _, asked := range w.asked {
		if len(asked.Changes) > wire.MaxChanges || len(wire.Encode(asked)) > 1<<20 {
			t.Errorf("%d changes in %d bytes", len(asked.Changes), len(wire.Encode(asked)))
		}
		for _, c := range asked.Changes {
			seen[c.JobID] = true
		}
	}
	if len(seen) != 10_000 {
		t.Errorf("%d jobs are changed", len(seen))
	}
}

func TestWhoIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.jobs(t, 5, "job-", schedule.Spec{Every: minute})
	w.exec(t, `UPDATE jobs SET paused = true WHERE name = 'job-1'`)
	w.exec(t, `UPDATE jobs SET quiet_until = now() + interval '1 minute' WHERE name = 'job-2'`)
	w.exec(t, `UPDATE jobs SET adaptive = 'off' WHERE name = 'job-3'`)
	w.exec(t, `DELETE FROM job_stats WHERE job_id = (SELECT id FROM jobs WHERE name = 'job-4')`)
	if report := w.pass(t); report.Jobs != 1 || report.Applied != 1 {
		t.Fatalf("%+v", report)
	}
	change := w.asked[0].Changes[0]
	if change.JobID != w.idOf(t, "job-5") || change.Revision != 1 || change.Action != carillon.Stretched ||
		change.Adapted.Every != 2*minute || change.Reason != "Its last 5 runs failed: it fires every 2m instead of every 1m." {
		t.Errorf("%+v", change)
	}
}

// A recorder of another version may have written what this one cannot read.
func TestStatisticsOfAnotherVersionAreUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.jobs(t, 2, "job-", schedule.Spec{Every: minute})
	w.exec(t, `UPDATE job_stats SET data = '\xff' WHERE job_id = (SELECT id FROM jobs WHERE name = 'job-1')`)
	if report := w.pass(t); report.Jobs != 2 || report.Applied != 1 {
		t.Errorf("%+v", report)
	}
}

// A gateway of another version may have written what this one cannot read, with a
// spread too, for which all schedules are read.
func TestAJobThatCannotBeReadDoesNotEndThePass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.jobs(t, 3, "job-", schedule.Spec{Every: minute, Spread: "30s"})
	w.exec(t, `UPDATE jobs SET document = document - 'adaptive' WHERE name = 'job-1'`)
	w.exec(t, `UPDATE jobs SET document = document || '{"schedule":{"every":[]}}' WHERE name = 'job-2'`)
	if report := w.pass(t); report.Jobs != 3 || report.Applied != 1 {
		t.Errorf("%+v", report)
	}
}

// What is read is what is decided by: an average, an offset, the last day's history.
func TestWhatIsReadOfAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	offset := minute / 6
	w.jobs(t, 1, "job-", schedule.Spec{Every: minute, Spread: "30s", Adapted: &schedule.Adapted{Every: 2 * minute, Offset: &offset}})
	w.stats(t, "job-", ends{carillon.StateFailed, 2, 0}, ends{carillon.StateSucceeded, 6, 1500 * time.Millisecond})
	id := w.idOf(t, "job-1")
	for n, row := range []struct{ action, age string }{
		{"stretched", "25 hours"}, {"relaxed", "3 hours"}, {"updated", "2 hours"}, {"stretched", "1 hour"},
	} {
		w.exec(t, `INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor, created_at)
			VALUES ($1, $2, $3, '{}', now(), 'x', now() - $4::interval)`, id, n+1, row.action, row.age)
	}
	conn, err := w.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	jobs, err := (&pass{conn: conn}).page(t.Context(), uuid.Nil)
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	got := jobs[0]
	if s := got.Stats; s.Successes != 6 || s.Failures != 0 || math.Abs(s.FailingShare-0.25) > 0.001 || s.Duration.Round(time.Millisecond) != 1500*time.Millisecond || s.LastFire.IsZero() {
		t.Errorf("%+v", s)
	}
	if !slices.Equal(got.History, []carillon.Adaptation{carillon.Relaxed, carillon.Stretched}) {
		t.Errorf("%v", got.History)
	}
	if a := got.Schedule.Adapted; a.Every != 2*minute || *a.Offset != offset {
		t.Errorf("%+v", a)
	}
}

func TestCrowdedSecondsAreLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.jobs(t, 300, "herd-", schedule.Spec{Cron: "0 * * * *"})
	zero := schedule.Duration(0)
	w.jobs(t, 1, "mover-", schedule.Spec{Cron: "0 * * * *", Spread: "10m", Adapted: &schedule.Adapted{Offset: &zero}})
	w.exec(t, `UPDATE jobs SET adaptive = 'off' WHERE name LIKE 'herd-%'`)
	if report := w.pass(t); report.Applied != 1 {
		t.Fatalf("%+v", report)
	}
	change := w.asked[0].Changes[0]
	if change.Action != carillon.Moved || *change.Adapted.Offset <= 0 || *change.Adapted.Offset >= 10*minute {
		t.Errorf("%+v", change)
	}
}

// A pass that fails leaves nothing behind, and the next one does its work.
func TestWithoutAGatewayTheNextPassDoesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.jobs(t, 3, "job-", schedule.Spec{Every: minute})
	w.fails = errors.New("no gateway")
	if report, err := Run(t.Context(), w.pool, w.ask); !errors.Is(err, w.fails) || report.Applied != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	w.fails = nil
	if report := w.pass(t); report.Applied != 3 {
		t.Errorf("%+v", report)
	}
}

func TestOnePassAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.jobs(t, 3, "job-", schedule.Spec{Every: minute})
	var inner error
	_, err := Run(t.Context(), w.pool, func(ctx context.Context, asked wire.Adaptations) (wire.Adapted, error) {
		_, inner = Run(ctx, w.pool, w.ask)
		return w.ask(ctx, asked)
	})
	if err != nil || !errors.Is(inner, ErrUnderWay) || len(w.asked) != 1 {
		t.Errorf("%v, %v, %d requests", err, inner, len(w.asked))
	}
}

func TestABusyMachineIsGivenLongerRests(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]time.Duration{
		0:                      0,
		10 * time.Millisecond:  10 * time.Millisecond,
		250 * time.Millisecond: 250 * time.Millisecond,
		500 * time.Millisecond: time.Second,
		time.Second:            4 * time.Second,
		10 * time.Second:       40 * time.Second,
	} {
		if got := rest(took); got != want {
			t.Errorf("after %s a rest of %s, want %s", took, got, want)
		}
	}
}
