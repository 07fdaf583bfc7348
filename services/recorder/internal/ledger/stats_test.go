package ledger

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"
)

// statsOf reads the statistics of all jobs, in the order of their ids.
func statsOf(t failer, pool *pgxpool.Pool) []*jobstat.Stats {
	t.Helper()
	rows, err := pool.Query(context.Background(), "SELECT job_id, data FROM job_stats ORDER BY job_id")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, scanStats)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// recount makes the statistics anew from the runs that are in the ledger.
func recount(t failer, pool *pgxpool.Pool) []*jobstat.Stats {
	t.Helper()
	rows, err := pool.Query(context.Background(), `
		SELECT job_id, id, kind, fire_time, state, coalesce(started_at, '0001-01-01Z'), coalesce(finished_at, '0001-01-01Z') FROM runs
		WHERE state NOT IN ('queued', 'running', 'retrying') AND kind <> 'backfill' ORDER BY job_id, fire_time, id`)
	if err != nil {
		t.Fatal(err)
	}
	all := []*jobstat.Stats{}
	var job uuid.UUID
	var e jobstat.End
	_, err = pgx.ForEachRow(rows, []any{&job, &e.RunID, &e.Kind, &e.FireTime, &e.State, &e.StartedAt, &e.FinishedAt}, func() error {
		if len(all) == 0 || all[len(all)-1].JobID != job {
			all = append(all, &jobstat.Stats{JobID: job})
		}
		all[len(all)-1].Count(e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// equalStats compares up to rounding, which leaves a little of what was taken out of
// a sum, by the measure of the weight; a sketch's weights have seven digits, and no
// quantile is where a handful of equal ones meet.
func equalStats(want, got []*jobstat.Stats) string {
	return cmp.Diff(want, got, cmp.AllowUnexported(jobstat.Streak{}),
		cmp.Comparer(func(a, b jobstat.Average) bool {
			return max(math.Abs(a.Weight-b.Weight), math.Abs(a.Sum-b.Sum)) <= 1e-9*max(a.Weight, b.Weight)
		}),
		cmp.Comparer(func(a, b jobstat.Sketch) bool {
			for _, q := range []float64{0.001, 0.257, 0.501, 0.907, 0.999} {
				p, _ := a.Quantile(q)
				r, _ := b.Quantile(q)
				if p != r || len(a) != len(b) {
					return false
				}
			}
			return true
		}))
}

// ofSomeJob is an event of one of three jobs, with durations and latenesses of
// its own.
func ofSomeJob(t *rapid.T) *wire.Outcome {
	job := uuid.UUID{15: byte(rapid.IntRange(1, 3).Draw(t, "job"))}
	kind := rapid.SampledFrom(carillon.Kinds()).Draw(t, "kind")
	fire := noon.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "fire")) * 40 * time.Hour)
	state := rapid.SampledFrom(carillon.States()).Draw(t, "state")
	attempts := rapid.IntRange(1, 2).Draw(t, "attempts")
	finished := time.Time{}
	if state.Final() {
		finished = fire.Add(time.Duration(rapid.IntRange(1e9, 60e9).Draw(t, "finished")))
	}
	event := told(job, fire, state, attempts, finished)
	event.Kind, event.RunID = kind, carillon.NewRunID(job, kind, fire)
	event.StartedAt = fire.Add(time.Duration(rapid.IntRange(-1e6, 1e9).Draw(t, "started")))
	event.Attempt.StartedAt = event.StartedAt
	return event
}

// TestStatisticsAreThoseOfTheLedger records random events of some runs, in random
// batches, many of them twice, through three recorders at once.
func TestStatisticsAreThoseOfTheLedger(t *testing.T) {
	t.Parallel()
	pool := database(t)
	rapid.Check(t, func(t *rapid.T) {
		empty(t, pool)
		events := rapid.SliceOfN(rapid.Custom(ofSomeJob), 1, 60).Draw(t, "events")
		var wait sync.WaitGroup
		for recorder := range 3 {
			share := rapid.SliceOfN(rapid.SampledFrom(events), 0, 40).Draw(t, fmt.Sprint("share ", recorder))
			batch := rapid.IntRange(1, 20).Draw(t, "batch")
			wait.Go(func() {
				l := New(pool)
				for part := range slices.Chunk(share, batch) {
					if err := l.Record(context.Background(), part); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		record(t, New(pool), events...)
		if diff := equalStats(recount(t, pool), statsOf(t, pool)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSQLSeesStreaksAndTheLastRun(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l, job := New(pool), uuid.New()
	record(t, l, succeeded(job, noon))
	for n := range 3 {
		record(t, l, told(job, noon.Add(time.Duration(n+1)*time.Minute), carillon.StateFailed, 1, noon.Add(time.Hour)))
	}
	want := []string{fmt.Sprint(job, " 3 12:03:00 failed")}
	got := read(t, pool, `SELECT concat_ws(' ', job_id, failure_streak, (last_fire_time AT TIME ZONE 'UTC')::time, last_state) FROM job_stats`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStatisticsThatCannotBeReadBeginAnew(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l, job := New(pool), uuid.New()
	record(t, l, succeeded(job, noon))
	if _, err := pool.Exec(t.Context(), "UPDATE job_stats SET data = 'x' WHERE job_id = $1", job); err != nil {
		t.Fatal(err)
	}
	record(t, l, succeeded(uuid.New(), noon), succeeded(job, noon.Add(time.Minute)))
	for _, s := range statsOf(t, pool) {
		if s.Counts.Succeeded != 1 {
			t.Errorf("job %s has %d successes", s.JobID, s.Counts.Succeeded)
		}
	}
}

func TestBackfillsAndLivesLeaveNoStatistics(t *testing.T) {
	t.Parallel()
	pool := database(t)
	backfill := succeeded(uuid.New(), noon)
	backfill.Kind = carillon.KindBackfill
	record(t, New(pool), backfill, told(uuid.New(), noon, carillon.StateRunning, 1, time.Time{}))
	if got := statsOf(t, pool); len(got) != 0 {
		t.Errorf("%d jobs have statistics", len(got))
	}
}

// A gateway whose clock is an hour ahead has run the job by hand.
func TestAFireFarAheadSilencesNoJob(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l, job := New(pool), uuid.New()
	record(t, l, succeeded(job, time.Now().Add(time.Hour)))
	later := time.Now().Add(farAhead / 2).UTC().Truncate(time.Millisecond)
	record(t, l, told(job, later, carillon.StateFailed, 1, later.Add(time.Second)))
	got := statsOf(t, pool)
	if len(got) != 1 || !got[0].Last.FireTime.Equal(later) || got[0].Streak.Failures() != 1 || got[0].Counts.Succeeded != 1 {
		t.Errorf("%+v", got)
	}
}

func TestStatisticsOfADeletedJobGoSomeDay(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l, kept, gone := New(pool), uuid.New(), uuid.New()
	record(t, l, succeeded(kept, noon), succeeded(gone, noon))
	if _, err := pool.Exec(t.Context(), `INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from)
		VALUES ($1, 'default', 'kept', 1, 'default', '{}', now())`, kept); err != nil {
		t.Fatal(err)
	}
	for n, age := range []time.Duration{statsAge, statsAge + time.Second} {
		if err := l.Tidy(t.Context(), noon.Add(age)); err != nil {
			t.Fatal(err)
		}
		if got := len(statsOf(t, pool)); got != 2-n {
			t.Errorf("%d jobs have statistics %s after their last run, want %d", got, age, 2-n)
		}
	}
	record(t, l, succeeded(gone, noon.Add(time.Hour)))
	if got := statsOf(t, pool); len(got) != 2 {
		t.Errorf("%d jobs have statistics, want 2", len(got))
	}
}
