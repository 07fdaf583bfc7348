package system

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// pauseState is what the API answers to a pause.
type pauseState struct {
	Paused        bool      `json:"paused"`
	EffectiveFrom time.Time `json:"effective_from"`
}

// TestANamespaceAndEverythingPause pauses one namespace, then everything, and
// resumes them in the same order, while jobs of two namespaces fire every second.
func TestANamespaceAndEverythingPause(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		target := newTarget(t, 0).url
		every := func(namespace string) carillon.Job {
			return s.create(t, carillon.Document{
				Name: "tick", Namespace: namespace, Target: carillon.Target{URL: target}, Overlap: carillon.OverlapAllow,
				Schedule: schedule.Spec{Every: schedule.Duration(time.Second)},
			})
		}
		from := time.Now()
		ours, theirs := every("ours"), every("theirs")
		s.awaitRuns(t, ours, 2)
		oursOff := s.toggle(t, "/pause", "ours")
		s.awaitRuns(t, theirs, 6)
		allOff := s.toggle(t, "/pause", "")
		oursOn := s.toggle(t, "/resume", "ours")
		pause(t, time.Until(oursOn.EffectiveFrom.Add(2*time.Second)))
		allOn := s.toggle(t, "/resume", "")
		pause(t, time.Until(allOn.EffectiveFrom.Add(2*time.Second)))
		to := allOn.EffectiveFrom.Add(2 * time.Second)
		until(t, time.Minute, func() error {
			if r := s.audit(t, from, to); !r.Clean() || r.Pending > 0 || r.Superseded > 0 {
				return fmt.Errorf("%+v", r)
			}
			return nil
		})
		s.checkSilence(t, ours, oursOff.EffectiveFrom, allOn.EffectiveFrom, to)
		s.checkSilence(t, theirs, allOff.EffectiveFrom, allOn.EffectiveFrom, to)
	})
}

func (s *system) toggle(t *testing.T, path, namespace string) (state pauseState) {
	t.Helper()
	var body any
	if namespace != "" {
		body = map[string]string{"namespace": namespace, "reason": "a test"}
	}
	if err := s.Do(t.Context(), "POST", path, body, &state); err != nil || state.Paused != (path == "/pause") {
		t.Fatalf("%+v, %v", state, err)
	}
	return state
}

// checkSilence looks for rows within a pause, and for fires after it without one.
func (s *system) checkSilence(t *testing.T, job carillon.Job, off, on, to time.Time) {
	t.Helper()
	after := 0
	for _, r := range s.runs(t, "job_id="+job.ID.String()) {
		switch {
		case !r.FireTime.Before(off) && r.FireTime.Before(on):
			t.Errorf("%s %s: %s %s while it was paused", job.Namespace, r.FireTime, r.State, r.Reason)
		case !r.FireTime.Before(on) && r.FireTime.Before(to):
			after++
		}
	}
	if after < 2 {
		t.Errorf("%s: %d fires after the pause", job.Namespace, after)
	}
}

// TestABackfillRunsWhatWasBeforeTheJob fills an hour from before a job was made,
// by the command, and asks again for the same.
func TestABackfillRunsWhatWasBeforeTheJob(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		tg := newTarget(t, 0)
		job := s.create(t, carillon.Document{
			Name: "report", Namespace: "billing", Target: carillon.Target{URL: tg.url},
			Schedule: schedule.Spec{Every: schedule.Duration(10 * time.Minute)},
		})
		from := time.Now().Add(-3 * time.Hour).Truncate(time.Hour)
		fill := func() string {
			cmd := exec.Command(carillonBinary, "backfill", "billing/report", "--server", s.base, "--key", adminKey, "--schedule", "current",
				"--from", from.Format(time.RFC3339), "--to", from.Add(time.Hour).Format(time.RFC3339), "--rate", "20", "--yes", "--wait")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return string(out)
		}
		first := fill()
		rows := s.runs(t, "job_id="+job.ID.String())
		calls, peak := tg.counts()
		if len(rows) != 6 || len(calls) != 6 || peak != 1 {
			t.Fatalf("%d rows, %d calls, %d at once, want 6, 6, 1:\n%s", len(rows), len(calls), peak, first)
		}
		for i, r := range rows {
			at := from.Add(time.Duration(50-10*i) * time.Minute)
			if r.Kind != carillon.KindBackfill || r.State != carillon.StateSucceeded || !r.FireTime.Equal(at) || calls[r.ID.String()] != 1 {
				t.Errorf("%+v, want the fire of %s, called once", r, at)
			}
		}
		if again := fill(); len(s.runs(t, "job_id="+job.ID.String())) != 6 || !strings.Contains(again, "nothing to run") {
			t.Errorf("filled again:\n%s", again)
		}
	})
}
