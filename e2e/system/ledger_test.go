package system

import (
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

func TestEverySecondHasItsRow(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		tg := newTarget(t, 0)
		job := s.create(t, carillon.Document{
			Name: "tick", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: carillon.Target{URL: tg.url},
		})
		query := "job_id=" + job.ID.String()
		until(t, time.Minute, func() error {
			if n := len(s.runs(t, query)); n < 8 {
				return fmt.Errorf("%d runs in the ledger", n)
			}
			return nil
		})
		rows := map[time.Time]run{}
		var last time.Time
		for _, r := range s.runs(t, query) {
			if _, twice := rows[r.FireTime]; twice {
				t.Errorf("fire %s has two rows", r.FireTime)
			}
			rows[r.FireTime] = r
			if r.FireTime.After(last) {
				last = r.FireTime
			}
		}
		first := job.EffectiveFrom.Truncate(time.Second)
		if first.Before(job.EffectiveFrom) {
			first = first.Add(time.Second)
		}
		for at := first; !at.After(last); at = at.Add(time.Second) {
			r, ok := rows[at]
			switch {
			case !ok:
				t.Errorf("fire %s has no row", at)
			case r.State != carillon.StateSucceeded:
				t.Errorf("fire %s: %s %s", at, r.State, r.Reason)
			case r.ID != carillon.NewRunID(job.ID, carillon.KindSchedule, at):
				t.Errorf("fire %s has run id %s", at, r.ID)
			}
			delete(rows, at)
		}
		for at := range rows {
			t.Errorf("row for %s, at which nothing fires", at)
		}
	})
}

func TestPauseResumeAndRunByHand(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		tg := newTarget(t, 0)
		job := s.create(t, carillon.Document{
			Name: "paused", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: carillon.Target{URL: tg.url}, Paused: true,
		})
		var made run
		if err := s.Do(t.Context(), "POST", "/jobs/"+job.ID.String()+"/run", nil, &made); err != nil {
			t.Fatal(err)
		}
		until(t, 20*time.Second, func() error { return s.isRun(t, made.ID, carillon.StateSucceeded) })
		if rows := s.runs(t, "job_id="+job.ID.String()); len(rows) != 1 || rows[0].Kind != carillon.KindManual {
			t.Errorf("a paused job has %d runs, want the one by hand", len(rows))
		}
		if err := s.Do(t.Context(), "POST", "/jobs/"+job.ID.String()+"/resume", nil, nil); err != nil {
			t.Fatal(err)
		}
		until(t, 20*time.Second, func() error {
			if n := len(s.runs(t, "kind=schedule&job_id="+job.ID.String())); n < 2 {
				return fmt.Errorf("%d runs after the job was resumed", n)
			}
			return nil
		})
	})
}

// isRun says what is wrong unless a run is in a state.
func (s *system) isRun(t *testing.T, id uuid.UUID, state carillon.State) error {
	var got run
	if err := s.Do(t.Context(), "GET", "/runs/"+id.String(), nil, &got); err != nil {
		return err
	}
	if got.State != state {
		return fmt.Errorf("run %s is %s %s", id, got.State, got.Reason)
	}
	return nil
}
