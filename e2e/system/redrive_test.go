package system

import (
	"net/http"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

func TestAFailedRunIsRunAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		target, url := newVisits(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
		job := s.create(t, carillon.Document{
			Name: "mended", Schedule: schedule.Spec{Every: schedule.Duration(time.Hour)}, Target: carillon.Target{URL: url + "/mended"}, Paused: true,
		})
		var failed, again run
		if err := s.Do(t.Context(), "POST", "/jobs/"+job.ID.String()+"/run", nil, &failed); err != nil {
			t.Fatal(err)
		}
		until(t, 20*time.Second, func() error { return s.isRun(t, failed.ID, carillon.StateFailed) })
		until(t, 20*time.Second, func() error { return s.Do(t.Context(), "POST", "/runs/"+failed.ID.String()+"/retry", nil, &again) })
		until(t, 20*time.Second, func() error { return s.isRun(t, again.ID, carillon.StateSucceeded) })
		if at, keys := target.of("/mended"); len(at) != 2 || keys != 2 {
			t.Errorf("%d calls under %d keys, want 2 under 2", len(at), keys)
		}
		if rows := s.runs(t, "job_id="+job.ID.String()); len(rows) != 2 {
			t.Errorf("%d rows, want that of the failed run and that of the redrive", len(rows))
		}
	})
}
