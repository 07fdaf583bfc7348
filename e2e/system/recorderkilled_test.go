package system

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TestTheRecorderKilledUnderLoad kills one of two recorders again and again while
// jobs fire every second. Then every fire has its row, and every job's statistics
// are those that a count of its rows comes to.
func TestTheRecorderKilledUnderLoad(t *testing.T) {
	t.Parallel()
	jobs, kills := 100, 5
	if *full {
		jobs, kills = 500, 20
	}
	tg := newTarget(t, 0)
	a := newArena(t)
	second := a.serve("recorder")
	a.fill(jobs, tg.url)
	begin := time.Now().UTC().Add(2 * time.Second).Truncate(time.Second)
	pause(t, time.Until(begin))
	for n := range kills {
		pause(t, time.Second+time.Duration(n)*37*time.Millisecond) // at another moment of the second each time
		victim := a.recorder
		_ = victim.Process.Kill()
		_, _ = victim.Process.Wait()
		a.recorder, second = second, a.serve("recorder")
	}
	end := time.Now().UTC().Truncate(time.Second)
	a.pauseAll(tg)
	r := a.settled(begin, end)
	if want := jobs * int(end.Sub(begin)/time.Second); r.Expected != want || r.States[carillon.StateSucceeded] != want {
		t.Errorf("%d fires, %v, want %d that succeeded", r.Expected, r.States, want)
	}
	t.Logf("%d recorders killed in %s with %d fires; statistics of %d jobs", kills, end.Sub(begin), r.Expected, a.checkStats())
}

// pauseAll stops all fires, and waits until every run has ended.
func (a *arena) pauseAll(tg *target) {
	a.t.Helper()
	if err := a.Do(a.t.Context(), "POST", "/pause", nil, nil); err != nil {
		a.t.Fatal(err)
	}
	pause(a.t, 2*time.Second)
	until(a.t, time.Minute, func() error {
		calls, _ := tg.counts()
		if n := a.countRuns(); n != len(calls) {
			return fmt.Errorf("%d runs recorded of %d that were called", n, len(calls))
		}
		return nil
	})
}

// countRuns counts the ledger's rows of runs that have succeeded.
func (a *arena) countRuns() (n int) {
	a.t.Helper()
	pool := a.open()
	defer pool.Close()
	if err := pool.QueryRow(a.t.Context(), "SELECT count(*) FROM runs WHERE state = 'succeeded'").Scan(&n); err != nil {
		a.t.Fatal(err)
	}
	return n
}

// open connects to the database, which the caller closes.
func (a *arena) open() *pgxpool.Pool {
	a.t.Helper()
	pool, err := postgres.Open(a.t.Context(), postgres.Config{URL: a.database})
	if err != nil {
		a.t.Fatal(err)
	}
	return pool
}

// checkStats holds the statistics of every job to its runs, and returns how many
// jobs have some.
func (a *arena) checkStats() (jobs int) {
	a.t.Helper()
	pool := a.open()
	defer pool.Close()
	want, err := recount(a.t, pool)
	if err != nil {
		a.t.Fatal(err)
	}
	if diff := diffStats(want, keptStats(a.t, pool)); diff != "" {
		a.t.Errorf("statistics are not those of the runs: %s", diff)
	}
	return len(want)
}

// recount makes the statistics of all jobs from their runs.
func recount(t *testing.T, pool *pgxpool.Pool) (map[uuid.UUID]*jobstat.Stats, error) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT job_id, id, kind, fire_time, state, coalesce(started_at, '0001-01-01Z'), coalesce(finished_at, '0001-01-01Z') FROM runs`)
	if err != nil {
		t.Fatal(err)
	}
	all := map[uuid.UUID]*jobstat.Stats{}
	var job uuid.UUID
	var e jobstat.End
	_, err = pgx.ForEachRow(rows, []any{&job, &e.RunID, &e.Kind, &e.FireTime, &e.State, &e.StartedAt, &e.FinishedAt}, func() error {
		if !e.State.Final() {
			return fmt.Errorf("run %s is %s", e.RunID, e.State)
		}
		if all[job] == nil {
			all[job] = &jobstat.Stats{JobID: job}
		}
		all[job].Count(e)
		return nil
	})
	return all, err
}

func keptStats(t *testing.T, pool *pgxpool.Pool) map[uuid.UUID]*jobstat.Stats {
	t.Helper()
	rows, err := pool.Query(t.Context(), "SELECT job_id, data FROM job_stats")
	if err != nil {
		t.Fatal(err)
	}
	all := map[uuid.UUID]*jobstat.Stats{}
	for rows.Next() {
		var job uuid.UUID
		var data []byte
		if err := rows.Scan(&job, &data); err != nil {
			t.Fatal(err)
		}
		if all[job], err = jobstat.Read(job, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// diffStats compares counts, streaks, the last runs, and averages up to rounding.
func diffStats(want, got map[uuid.UUID]*jobstat.Stats) string {
	type told struct {
		Counts              jobstat.Counts
		Successes, Failures int
		Last, LastSuccess   jobstat.End
		Averages            [4]jobstat.Average
		Median              float64
	}
	tell := func(all map[uuid.UUID]*jobstat.Stats) map[uuid.UUID]told {
		tellings := map[uuid.UUID]told{}
		for id, s := range all {
			median, _ := s.Duration.Sketch.Quantile(0.5)
			tellings[id] = told{
				s.Counts, s.Streak.Successes(), s.Streak.Failures(), s.Last, s.LastSuccess,
				[4]jobstat.Average{s.Failing, s.Duration.Average, s.Lateness.Average, s.RecentDuration}, median,
			}
		}
		return tellings
	}
	return cmp.Diff(tell(want), tell(got),
		cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }))
}
