package system

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// TestAFailingJobIsStretchedAndGivenBack lets a target fail and recover. The audit
// finds a row for each fire of each interval, and none beside them.
func TestAFailingJobIsStretchedAndGivenBack(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		var fails atomic.Bool
		fails.Store(true)
		tg := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if fails.Load() {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}))
		t.Cleanup(tg.Close)
		const second = schedule.Duration(time.Second)
		job := s.create(t, carillon.Document{
			Name: "adaptive", Schedule: schedule.Spec{Every: second}, Target: carillon.Target{URL: tg.URL},
			Retry: carillon.Retry{MaxAttempts: 1}, Adaptive: &carillon.Adaptive{Mode: carillon.AdaptiveAuto, MaxInterval: 2 * second},
		})
		begin := time.Now().UTC()
		s.exec(t, `UPDATE jobs SET quiet_until = '-infinity'`)
		stretched := s.awaitRevision(t, job, "stretched")
		if a := stretched.Document.Schedule.Adapted; a == nil || a.Every != 2*second || stretched.Document.Schedule.Every != second {
			t.Errorf("%+v", stretched)
		}
		fails.Store(false)
		relaxed := s.awaitRevision(t, job, "relaxed")
		if a := relaxed.Document.Schedule.Adapted; a != nil {
			t.Errorf("given back with %+v", a)
		}
		pause(t, time.Until(relaxed.EffectiveFrom.Add(3*time.Second)))
		end := relaxed.EffectiveFrom.Add(2 * time.Second)
		until(t, time.Minute, func() error {
			if report := s.audit(t, begin, end); !report.Clean() || report.Pending > 0 {
				return fmt.Errorf("%+v", report)
			}
			return nil
		})
		s.checkIntervals(t, job, stretched.EffectiveFrom, relaxed.EffectiveFrom, end)
	})
}

// awaitRevision has passes made until a job has a revision of an action.
func (s *system) awaitRevision(t *testing.T, job carillon.Job, action string) (last revision) {
	t.Helper()
	until(t, 2*time.Minute, func() error {
		if err := s.Do(t.Context(), "POST", "/adaptive/run", nil, nil); err != nil {
			return err
		}
		var page struct{ Items []revision }
		if err := s.Do(t.Context(), "GET", "/jobs/"+job.ID.String()+"/revisions?limit=1", nil, &page); err != nil {
			return err
		}
		if last = page.Items[0]; last.Action != action {
			return fmt.Errorf("revision %d is %s, not %s", last.Revision, last.Action, action)
		}
		return nil
	})
	return last
}

// checkIntervals holds a job's fires to every second, but every second one of them
// while it was stretched.
func (s *system) checkIntervals(t *testing.T, job carillon.Job, stretched, relaxed, end time.Time) {
	t.Helper()
	var odd error
	fires, thinned := 0, 0
	for _, run := range s.runs(t, "job_id="+job.ID.String()) {
		at := run.FireTime
		switch {
		case !at.Before(end):
		case at.Before(stretched) || !at.Before(relaxed):
			fires++
		case at.Unix()%2 != 0:
			odd = errors.Join(odd, fmt.Errorf("a fire at %s, while it fired every 2s", at))
		default:
			thinned++
		}
	}
	if odd != nil || fires == 0 || thinned == 0 {
		t.Errorf("%d fires of its own, %d while stretched: %v", fires, thinned, odd)
	}
}
