package adaptive

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

var dawn = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

const minute = schedule.Duration(time.Minute)

// seasoned is a job of a minute's interval that has had a hundred fires.
func seasoned(every schedule.Duration, stats Stats) Job {
	job := Job{EffectiveFrom: dawn, Schedule: schedule.Spec{Every: minute}, Stats: stats}
	if every != minute {
		job.Schedule.Adapted = &schedule.Adapted{Every: every}
	}
	job.Stats.LastFire = dawn.Add(100 * time.Duration(every))
	return job
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		job    Job
		action carillon.Adaptation
		every  schedule.Duration
	}{
		"a healthy job stays":             {seasoned(minute, Stats{Successes: 50}), "", 0},
		"two failures are chance":         {seasoned(minute, Stats{Failures: 2}), "", 0},
		"three failures stretch":          {seasoned(minute, Stats{Failures: 3}), carillon.Stretched, 2 * minute},
		"again, to the bound":             {seasoned(4*minute, Stats{Failures: 9}), carillon.Stretched, 8 * minute},
		"not beyond the bound":            {seasoned(8*minute, Stats{Failures: 9}), "", 0},
		"half of the runs fail":           {seasoned(minute, Stats{Failures: 1, FailingShare: 0.5}), carillon.Stretched, 2 * minute},
		"half of them did, it recovers":   {seasoned(minute, Stats{Successes: 1, FailingShare: 0.9}), "", 0},
		"a slow job gets room":            {seasoned(minute, Stats{Successes: 9, Duration: 50 * time.Second}), carillon.Stretched, 2 * minute},
		"a very slow one at once":         {seasoned(minute, Stats{Successes: 9, Duration: 150 * time.Second}), carillon.Stretched, 4 * minute},
		"too slow for any":                {seasoned(minute, Stats{Successes: 9, Duration: time.Hour}), carillon.Stretched, 8 * minute},
		"a healthy job is given back":     {seasoned(2*minute, Stats{Successes: 3}), carillon.Relaxed, 0},
		"step by step":                    {seasoned(8*minute, Stats{Successes: 3}), carillon.Relaxed, 4 * minute},
		"not while it is slow for that":   {seasoned(2*minute, Stats{Successes: 9, Duration: 25 * time.Second}), "", 0},
		"not after two successes":         {seasoned(2*minute, Stats{Successes: 2}), "", 0},
		"nothing is known of a young one": {Job{EffectiveFrom: dawn, Schedule: schedule.Spec{Every: minute}}, "", 0},
	} {
		got, ok := Decide(row.job)
		if ok != (row.action != "") || got.Action != row.action {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		every := schedule.Duration(0)
		if got.Adapted != nil {
			every = got.Adapted.Every
		}
		if every != row.every {
			t.Errorf("%s: every %s, want %s", name, every, row.every)
		}
		if ok && got.Reason == "" {
			t.Errorf("%s: no reason", name)
		}
	}
}

func TestWhatWasNotSeenUnderTheRevisionDoesNotCount(t *testing.T) {
	t.Parallel()
	job := seasoned(2*minute, Stats{Failures: 40})
	job.EffectiveFrom = job.Stats.LastFire.Add(-time.Duration(3 * minute))
	if got, ok := Decide(job); ok {
		t.Errorf("after two fires: %+v", got)
	}
	job.EffectiveFrom = job.Stats.LastFire.Add(-time.Duration(4 * minute))
	if _, ok := Decide(job); !ok {
		t.Error("nothing after three fires")
	}
}

func TestRelapsesMakePatient(t *testing.T) {
	t.Parallel()
	job := seasoned(2*minute, Stats{Successes: 23})
	job.History = []carillon.Adaptation{
		carillon.Stretched, carillon.Relaxed, carillon.Stretched, carillon.Relaxed, carillon.Moved, carillon.Stretched, carillon.Relaxed, carillon.Stretched,
	}
	if got, ok := Decide(job); ok {
		t.Errorf("after 23 successes: %+v", got)
	}
	job.Stats.Successes = 24
	if _, ok := Decide(job); !ok {
		t.Error("nothing after 24 successes")
	}
}

func TestAnOffsetStaysWhileTheIntervalChanges(t *testing.T) {
	t.Parallel()
	offset := schedule.Duration(7 * time.Second)
	job := seasoned(2*minute, Stats{Successes: 9})
	job.Schedule.Spread, job.Schedule.Adapted.Offset = "30s", &offset
	got, _ := Decide(job)
	if got.Adapted == nil || got.Adapted.Every != 0 || got.Adapted.Offset == nil || *got.Adapted.Offset != offset {
		t.Errorf("%+v", got.Adapted)
	}
}

func TestTheReasonIsOneSentence(t *testing.T) {
	t.Parallel()
	got, _ := Decide(seasoned(minute, Stats{Failures: 4}))
	if want := "Its last 4 runs failed: it fires every 2m instead of every 1m."; got.Reason != want {
		t.Errorf("%q, want %q", got.Reason, want)
	}
}
