package system

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// TestFiresAreNoLaterDuringAPass compares how late calls reach the target without
// passes of adaptive rescheduling and during them. The passes look at 1,000 jobs, with
// -full at 100,000, that all are to be changed. How late is too late is asked in full
// only: it is a promise about a machine that does nothing else.
func TestFiresAreNoLaterDuringAPass(t *testing.T) {
	t.Parallel()
	jobs, span := 1_000, 3*time.Second
	if *full {
		jobs, span = 100_000, 10*time.Second
	}
	s, j := startInProcess(t), newJournal(t, 0)
	s.failing(t, jobs)
	for n := range 100 {
		s.create(t, carillon.Document{
			Name: fmt.Sprintf("herd-%d", n), Schedule: schedule.Spec{Every: schedule.Duration(time.Second)},
			Overlap: carillon.OverlapAllow, Target: carillon.Target{URL: j.url},
		})
	}
	pause(t, 5*time.Second) // until all of them fire
	begin := time.Now()
	pause(t, span)
	with := time.Now()
	statements, took := s.pass(t)
	until(t, time.Minute, func() error { // another test's pass is counted in this process too
		if n := s.adapted(t); n != jobs {
			return fmt.Errorf("%d of %d jobs are changed", n, jobs)
		}
		return nil
	})
	for time.Since(with) < span {
		s.pass(t) // over jobs that have been changed
	}
	after := time.Now()
	pause(t, span+5*time.Second) // and five for what the passes have left to do
	before, during, behind := lateness(j, begin, with), lateness(j, with, after), lateness(j, after.Add(5*time.Second), time.Now())
	t.Logf("%d jobs changed by a pass of %s with %.0f statements", jobs, took.Round(time.Millisecond), statements)
	t.Logf("lateness before: %s", before)
	t.Logf("lateness during: %s", during)
	t.Logf("lateness after:  %s", behind)
	// The slack is what spans of ten seconds on a busy machine differ by anyway.
	usual := func(percent int) time.Duration { return max(before.of(percent), behind.of(percent)) }
	if *full && (during.of(50) > 2*usual(50)+50*time.Millisecond || during.of(95) > 3*usual(95)+200*time.Millisecond) {
		t.Error("fires are later during passes")
	}
}

// pass has a pass made, and returns what it took when it has ended.
func (s *system) pass(t *testing.T) (statements float64, took time.Duration) {
	t.Helper()
	begin, known := time.Now(), gathered(t, passStatements)
	if err := s.Do(t.Context(), "POST", "/adaptive/run", nil, nil); err != nil {
		t.Fatal(err)
	}
	until(t, 10*time.Minute, func() error {
		if statements = gathered(t, passStatements) - known; statements == 0 {
			return fmt.Errorf("the pass has not ended after %s", time.Since(begin))
		}
		return nil
	})
	return statements, time.Since(begin)
}

// passStatements counts the statements of passes that have ended.
const passStatements = "carillon_recorder_adaptive_statements_total"

// failing makes jobs that have failed five times in a row, and fire every 6 hours.
func (s *system) failing(t *testing.T, n int) {
	t.Helper()
	document, err := json.Marshal(carillon.Document{
		Schedule: schedule.Spec{Every: schedule.Duration(6 * time.Hour)}, Adaptive: &carillon.Adaptive{Mode: carillon.AdaptiveAuto},
		Target: carillon.Target{URL: "http://127.0.0.1:1/"},
	}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	const most = 5000 // in one statement
	for first := 1; first <= n; first += most {
		s.exec(t, `
			INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from, adaptive)
			SELECT gen_random_uuid(), 'default', 'failing-' || n, 1, 'default', jsonb_set($3, '{name}', to_jsonb('failing-' || n)),
				now() - interval '1 day', 'auto' FROM generate_series($1::int, $2) AS n`, first, min(first+most-1, n), document)
	}
	stats, at := jobstat.Stats{}, time.Now().Truncate(time.Second)
	for range 5 {
		stats.Count(jobstat.End{RunID: uuid.New(), Kind: carillon.KindSchedule, FireTime: at, State: carillon.StateFailed})
	}
	s.exec(t, `
		INSERT INTO job_stats (job_id, failure_streak, last_fire_time, last_state, data)
		SELECT id, $1, $2, $3, $4 FROM jobs`, stats.Streak.Failures(), at, stats.Last.State, stats.Data())
}

// adapted counts the jobs that a pass has changed.
func (s *system) adapted(t *testing.T) (n int) {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: s.database})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM jobs WHERE adaptive = 'auto' AND revision > 1`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// gathered sums up a metric of this process.
func gathered(t *testing.T, name string) (sum float64) {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			for _, metric := range family.GetMetric() {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// latenesses are those of calls, the shortest first.
type latenesses []time.Duration

// lateness returns how late the calls for the fire times of a window reached a target.
func lateness(j *journal, from, to time.Time) (all latenesses) {
	for _, c := range j.all("") {
		if !c.fire.Before(from) && c.fire.Before(to) {
			all = append(all, c.began.Sub(c.fire))
		}
	}
	slices.Sort(all)
	return all
}

// of returns a percentile.
func (l latenesses) of(percent int) time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[min(len(l)*percent/100, len(l)-1)]
}

func (l latenesses) String() string {
	return fmt.Sprintf("%d calls, p50 %s, p95 %s, p99 %s, most %s", len(l), l.of(50), l.of(95), l.of(99), l.of(100))
}
