package alertstore

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// history is what is known of a job that ran so often, each time for so long.
type history struct {
	stats jobstat.Stats
	every time.Duration
	runs  int
}

func (h *history) ran(times int, took time.Duration, state carillon.State) {
	for range times {
		fire := noon.Add(time.Duration(h.runs) * h.every)
		h.stats.Count(jobstat.End{
			RunID: uuid.New(), Kind: carillon.KindSchedule, FireTime: fire, State: state, StartedAt: fire, FinishedAt: fire.Add(took),
		})
		h.runs++
	}
}

// slow is how it stands with the alert.
func (h *history) slow(seen alert.Evidence) alert.Level {
	j := judged{Job: alert.Job{Wants: carillon.Alerts{SlowFactor: 3}}}
	j.learn(&h.stats)
	for _, found := range alert.Judge(j.Job, seen, noon) {
		if found.Kind == carillon.AlertSlow {
			return found.Level
		}
	}
	return -1
}

func TestARunIsSlowByWhatTheOthersTake(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		every time.Duration
		runs  int
		ended carillon.State
		want  alert.Level
	}{
		"of a job each minute":        {time.Minute, 60, carillon.StateSucceeded, alert.Firing},
		"of a daily job":              {day, 12, carillon.StateSucceeded, alert.Firing},
		"of a weekly job":             {7 * day, 10, carillon.StateSucceeded, alert.Firing},
		"that failed":                 {day, 10, carillon.StateFailed, alert.Firing},
		"before anybody knows better": {time.Minute, 9, carillon.StateSucceeded, alert.Quiet},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &history{every: c.every}
			h.ran(c.runs, 10*time.Second, carillon.StateSucceeded)
			if got := h.slow(alert.Evidence{}); got != alert.Quiet {
				t.Errorf("%d runs of ten seconds are at level %d", c.runs, got)
			}
			h.ran(1, 1000*time.Second, c.ended)
			if got := h.slow(alert.Evidence{}); got != c.want {
				t.Errorf("at level %d, want %d", got, c.want)
			}
		})
	}
}

func TestASlowRunThatIsNotTheLastIsToldOf(t *testing.T) {
	t.Parallel()
	h := &history{every: 24 * time.Hour}
	h.ran(12, 10*time.Second, carillon.StateSucceeded)
	slow := alert.Run{FireTime: noon.Add(12 * h.every), State: carillon.StateSucceeded, Duration: 1000 * time.Second}
	h.ran(1, slow.Duration, slow.State)
	h.ran(1, 10*time.Second, carillon.StateSucceeded)
	if got := h.slow(alert.Evidence{Longest: slow}); got != alert.Brief {
		t.Errorf("at level %d, want %d", got, alert.Brief)
	}
}
