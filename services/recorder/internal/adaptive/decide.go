package adaptive

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

const (
	// inARow is how many runs in a row say something: two are chance still, and
	// with more a job of a long interval would have to wait for days.
	inARow = 3
	// mostFailing is the share of failures that says the same of a job whose
	// failures do not come in a row.
	mostFailing = 0.5
	// A run that takes so much of the interval leaves no room for a slow one; what
	// is left after a step must be well below.
	tooSlow, quickEnough = 0.8, 0.4
	// maxPatience bounds the doublings: 192 runs in a row.
	maxPatience = 6
	// maxChanges is how often a job is changed in a day at most.
	maxChanges = 24
)

// Decide says how the interval of a job is to be changed now; false if not. The job
// may be in any mode but off.
func Decide(job Job) (Change, bool) {
	if job.Schedule.Every <= 0 || len(job.History) >= maxChanges || !job.seen(inARow) {
		return Change{}, false
	}
	if change, ok := job.stretch(); ok {
		return change, true
	}
	return job.relax()
}

func (j *Job) stretch() (Change, bool) {
	longer := j.longer(2 * j.interval())
	why := ""
	switch s := j.Stats; {
	case s.Failures >= inARow:
		why = fmt.Sprintf("Its last %d runs failed", s.Failures)
	case s.Failures > 0 && s.FailingShare >= mostFailing && j.seen(2*inARow):
		why = fmt.Sprintf("Of its runs %.0f %% fail", 100*s.FailingShare)
	case j.fills(j.interval()) > tooSlow:
		longer = j.roomy()
		why = fmt.Sprintf("Its runs take %s of %s", s.Duration.Round(time.Second/10), text(j.interval()))
	}
	if why == "" || longer <= j.interval() {
		return Change{}, false
	}
	return j.change(carillon.Stretched, longer, why), true
}

func (j *Job) relax() (Change, bool) {
	shorter := j.shorter()
	patience := inARow << min(j.relapses(), maxPatience)
	if shorter >= j.interval() || j.Stats.Successes < patience || !j.seen(patience) || j.fills(shorter) > quickEnough {
		return Change{}, false
	}
	return j.change(carillon.Relaxed, shorter, fmt.Sprintf("Its last %d runs succeeded", j.Stats.Successes)), true
}

func (j *Job) change(action carillon.Adaptation, every time.Duration, why string) Change {
	return Change{
		Action: action, Adapted: j.adapted(every, j.offset()),
		Reason: fmt.Sprintf("%s: it fires every %s instead of every %s.", why, text(every), text(j.interval())),
	}
}

// fills returns what share of an interval a run takes.
func (j *Job) fills(interval time.Duration) float64 {
	return float64(j.Stats.Duration) / float64(interval)
}

// longer returns an interval of at least the present one as far as the owner allows it.
func (j *Job) longer(wanted time.Duration) time.Duration {
	every := time.Duration(j.Schedule.Every)
	most := time.Duration(j.Adaptive.Longest(j.Schedule.Every))
	return min(wanted, most) / every * every
}

// roomy returns the first of the doubled intervals in which a run has room, at once:
// how long a run takes hardly depends on the interval.
func (j *Job) roomy() time.Duration {
	wanted := 2 * j.interval()
	for j.fills(wanted) > tooSlow && j.longer(2*wanted) > j.longer(wanted) {
		wanted *= 2
	}
	return j.longer(wanted)
}

// shorter returns half the present interval, or the owner's if that is longer.
func (j *Job) shorter() time.Duration {
	every := time.Duration(j.Schedule.Every)
	return max(j.interval()/2/every*every, every)
}

func text(d time.Duration) string { return schedule.Duration(d).String() }
