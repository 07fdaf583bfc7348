package adaptive

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// Job is what a decision rests on.
type Job struct {
	EffectiveFrom time.Time // of the present revision
	Schedule      schedule.Spec
	Adaptive      carillon.Adaptive
	Stats         Stats
	// History holds the adaptations of the last day, the oldest first.
	History []carillon.Adaptation
}

// Stats is what is known of a job's runs; the zero value is nothing.
type Stats struct {
	Failures, Successes int           // in a row, up to the last run, of the present revision; one of them is 0
	FailingShare        float64       // of the runs of the last weeks
	Duration            time.Duration // mean of the last hours
	LastFire            time.Time     // of the runs that have failed or succeeded
}

// Change is what is to be done, and why in one sentence.
type Change struct {
	Action  carillon.Adaptation
	Adapted *schedule.Adapted // nil gives the job back to its owner's schedule
	Reason  string
}

// interval returns the interval in force.
func (j *Job) interval() time.Duration {
	if a := j.Schedule.Adapted; a != nil && a.Every > 0 {
		return time.Duration(a.Every)
	}
	return time.Duration(j.Schedule.Every)
}

// offset returns the offset in force, or nil for the job's own share.
func (j *Job) offset() *schedule.Duration {
	if j.Schedule.Adapted == nil {
		return nil
	}
	return j.Schedule.Adapted.Offset
}

// adapted returns what puts an interval and an offset in force.
func (j *Job) adapted(every time.Duration, offset *schedule.Duration) *schedule.Adapted {
	a := schedule.Adapted{Offset: offset}
	if every != time.Duration(j.Schedule.Every) {
		a.Every = schedule.Duration(every)
	}
	if a == (schedule.Adapted{}) {
		return nil
	}
	return &a
}

// seen reports whether the present revision has had so many fires that have failed
// or succeeded: one that came to no call says nothing.
func (j *Job) seen(fires int) bool {
	return !j.Stats.LastFire.Before(j.EffectiveFrom.Add(time.Duration(fires-1) * j.interval()))
}

// relapses counts the stretches that followed a step back, whether or not the job was
// moved in between.
func (j *Job) relapses() (n int) {
	relaxed := false
	for _, step := range j.History {
		if relaxed && step == carillon.Stretched {
			n++
		}
		if step != carillon.Moved {
			relaxed = step == carillon.Relaxed
		}
	}
	return n
}
