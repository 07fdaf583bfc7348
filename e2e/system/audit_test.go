package system

import (
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// TestTheAuditKnowsWhatIsMissing edits, pauses, resumes and deletes jobs while
// they fire every second. The audit finds every fire accounted for, and then,
// when a row is taken out, exactly that one.
func TestTheAuditKnowsWhatIsMissing(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		from := time.Now()
		s.disturb(t)
		to := time.Now()
		var whole client.Audit
		until(t, time.Minute, func() error {
			whole = s.audit(t, from, to)
			if !whole.Clean() || whole.Pending > 0 {
				return fmt.Errorf("%+v", whole)
			}
			return nil
		})
		if whole.Jobs != 5 || whole.Expected < 30 || whole.States[carillon.StateSkipped] == 0 {
			t.Errorf("too little happened: %+v", whole)
		}
		rows := s.runs(t, "state=succeeded")
		taken := rows[len(rows)/2]
		s.exec(t, `DELETE FROM runs WHERE id = $1`, taken.ID)
		damaged := s.audit(t, from, to)
		if damaged.Unexplained != 1 || damaged.Unexpected != 0 || damaged.Expected != whole.Expected {
			t.Fatalf("%+v", damaged)
		}
		if f := damaged.UnexplainedFires[0]; f.JobID != taken.JobID || !f.FireTime.Equal(taken.FireTime) {
			t.Errorf("%+v was taken, %+v is missing", taken, f)
		}
		s.checkCommand(t, 3, taken.FireTime.Format(time.RFC3339), taken.FireTime, taken.FireTime.Add(time.Second))
		s.checkCommand(t, 0, "Every fire is accounted for.", taken.FireTime.Add(-time.Second), taken.FireTime)
	})
}

// checkCommand runs `carillon audit` until its window has settled and it ends
// with a code, and checks that it says something then.
func (s *system) checkCommand(t *testing.T, code int, says string, from, to time.Time) {
	t.Helper()
	until(t, time.Minute, func() error {
		cmd := exec.Command(carillonBinary, "audit", "--server", s.base, "--key", adminKey,
			"--from", from.Format(time.RFC3339), "--to", to.Format(time.RFC3339))
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(string(out), says) {
			return fmt.Errorf("carillon audit ended with %d, want %d:\n%s", got, code, out)
		}
		return nil
	})
}

// disturb lets five jobs fire every second, and changes four of them meanwhile.
func (s *system) disturb(t *testing.T) {
	t.Helper()
	tg := newTarget(t, 0)
	create := func(name, target string) carillon.Job {
		return s.create(t, carillon.Document{Name: name, Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: carillon.Target{URL: target}})
	}
	steady, edited, paused, deleted := create("steady", tg.url), create("edited", tg.url), create("paused", tg.url), create("deleted", tg.url)
	create("overlapping", newTarget(t, 2500*time.Millisecond).url)
	s.awaitRuns(t, steady, 4)
	s.change(t, "PATCH", edited, "", map[string]any{"schedule": map[string]any{"every": "3s"}})
	s.change(t, "POST", paused, "/pause", nil)
	s.change(t, "DELETE", deleted, "", nil)
	s.awaitRuns(t, steady, 9)
	s.change(t, "PATCH", edited, "", map[string]any{"schedule": map[string]any{"every": "2s"}})
	s.change(t, "POST", paused, "/resume", nil)
	s.awaitRuns(t, steady, 14)
}

func (s *system) change(t *testing.T, method string, job carillon.Job, path string, body any) {
	t.Helper()
	if err := s.Do(t.Context(), method, "/jobs/"+job.ID.String()+path, body, nil); err != nil {
		t.Fatal(err)
	}
}

// changed changes a job and returns it as the server answers it.
func (s *system) changed(t *testing.T, method string, job carillon.Job, path string, body any) (after carillon.Job) {
	t.Helper()
	if err := s.Do(t.Context(), method, "/jobs/"+job.ID.String()+path, body, &after); err != nil {
		t.Fatal(err)
	}
	return after
}

func (s *system) awaitRuns(t *testing.T, job carillon.Job, n int) {
	t.Helper()
	until(t, time.Minute, func() error {
		if found := len(s.runs(t, "job_id="+job.ID.String())); found < n {
			return fmt.Errorf("%d runs in the ledger, want %d", found, n)
		}
		return nil
	})
}

// audit judges fires of any age: the caller waits for them itself.
func (s *system) audit(t *testing.T, from, to time.Time) (report client.Audit) {
	t.Helper()
	query := url.Values{"from": {from.Format(time.RFC3339Nano)}, "to": {to.Format(time.RFC3339Nano)}, "settling": {"0s"}}
	if err := s.Do(t.Context(), "GET", "/audit?"+query.Encode(), nil, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// exec changes the database behind the system's back.
func (s *system) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: s.database})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
