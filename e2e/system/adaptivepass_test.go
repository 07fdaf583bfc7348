package system

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/prometheus/client_golang/prometheus"
)

// TestFiresAreNoLaterDuringAPass compares how late calls reach the target without
// passes of adaptive rescheduling and during them. The passes look at 10,000 jobs,
// with -full at 100,000, that all are to be changed.
func TestFiresAreNoLaterDuringAPass(t *testing.T) {
	t.Parallel()
	jobs := 10_000
	if *full {
		jobs = 100_000
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
	without := time.Now()
	pause(t, 10*time.Second)
	statements, with := gathered(t, passStatements), time.Now()
	var took, ran float64
	until(t, 10*time.Minute, func() error {
		if err := s.Do(t.Context(), "POST", "/adaptive/run", nil, nil); err != nil {
			return err
		}
		if ran == 0 && gathered(t, passStatements) > statements {
			took, ran = time.Since(with).Seconds(), gathered(t, passStatements)-statements
		}
		if changed := s.adapted(t); ran == 0 || changed < jobs || time.Since(with) < 10*time.Second {
			return fmt.Errorf("%d of %d jobs are changed", changed, jobs)
		}
		return nil
	})
	end := time.Now()
	before, during := lateness(j, without, with), lateness(j, with, end)
	t.Logf("%d jobs changed by a pass of %.1f s with %.0f statements", jobs, took, ran)
	t.Logf("lateness without: %s", before)
	t.Logf("lateness during:  %s", during)
	// The rest of the bound is what two spans on a busy machine differ by anyway.
	if during.of(50) > 2*before.of(50)+50*time.Millisecond || during.of(95) > 4*before.of(95)+200*time.Millisecond {
		t.Error("fires are later during passes")
	}
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
	s.exec(t, `
		INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from, adaptive)
		SELECT gen_random_uuid(), 'default', 'failing-' || n, 1, 'default', jsonb_set($2, '{name}', to_jsonb('failing-' || n)),
			now() - interval '1 day', 'auto' FROM generate_series(1, $1) AS n`, n, document)
	s.exec(t, `INSERT INTO job_stats (job_id, failed, failure_streak, last_fire_time) SELECT id, 5, 5, now() FROM jobs`)
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
