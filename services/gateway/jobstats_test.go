package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
)

// keepStats writes a job's statistics, as the recorder would.
func (w *world) keepStats(t *testing.T, s *jobstat.Stats) {
	t.Helper()
	w.exec(t, `
		INSERT INTO job_stats (job_id, failure_streak, last_fire_time, last_state, data) VALUES ($1, 1, $2, $3, $4)`,
		s.JobID, s.Last.FireTime, s.Last.State, s.Data())
}

func TestStatisticsOfAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	s, ids := &jobstat.Stats{JobID: carillon.NewJobID()}, []uuid.UUID{}
	for n, state := range []carillon.State{carillon.StateSucceeded, carillon.StateFailed} {
		fire := at.Add(time.Duration(n) * time.Second)
		ids = append(ids, carillon.NewRunID(s.JobID, carillon.KindSchedule, fire))
		s.Count(jobstat.End{RunID: ids[n], Kind: carillon.KindSchedule, FireTime: fire, State: state, StartedAt: fire, FinishedAt: fire.Add(time.Second)})
	}
	w.keepStats(t, s)
	text := string(w.call(t, "GET", "/api/v1/jobs/"+s.JobID.String()+"/stats", nil).body)
	for _, part := range []string{
		`"counts":{"succeeded":1,"failed":1,"cancelled":0,"skipped":0,"missed":0,"expired":0,"lost":0}`,
		`"last_run":{"id":"` + ids[1].String() + `","kind":"schedule","fire_time":"2026-03-04T12:00:01Z","state":"failed",` +
			`"started_at":"2026-03-04T12:00:01Z","finished_at":"2026-03-04T12:00:02Z"}`,
		`"last_success":{"id":"` + ids[0].String() + `","fire_time":"2026-03-04T12:00:00Z","finished_at":"2026-03-04T12:00:01Z"}`,
		`"success_streak":0,"failure_streak":1,`, `"failure_share":0.50`, `"lateness":{"mean":"0s",`, `"duration":{"mean":"1s","p50":"`, `"recent":{"failure_share":0.50`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is missing in %s", part, text)
		}
	}
}

func TestAJobWithoutRunsHasEmptyStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.create(t, document("quiet"))
	got := into[map[string]any](t, w.call(t, "GET", "/api/v1/jobs/"+job.ID.String()+"/stats", nil), 200)
	for _, field := range []string{"last_run", "last_success", "failure_share", "duration", "lateness"} {
		if value, there := got[field]; there {
			t.Errorf("%s is %v", field, value)
		}
	}
	if status := w.call(t, "GET", "/api/v1/jobs/"+carillon.NewJobID().String()+"/stats", nil).status; status != 404 {
		t.Errorf("a job that never was: %d, want 404", status)
	}
}
