package carillon

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
)

// AlertKind is what an alert is about.
type AlertKind string

// The kinds of alerts. The last one is of checks, all others are of jobs.
const (
	AlertFailing     AlertKind = "failing"     // runs ended badly, as many in a row as the job bears; or a check was told so
	AlertMissed      AlertKind = "missed"      // a fire came to no call: missed, or expired in its queue
	AlertLate        AlertKind = "late"        // a run began too late after its fire time
	AlertSlow        AlertKind = "slow"        // a run took far longer than the job's runs do
	AlertSilent      AlertKind = "silent"      // no run has succeeded for too long
	AlertUnexplained AlertKind = "unexplained" // a fire has no run, and nothing says why
	AlertOverdue     AlertKind = "overdue"     // a check was not pinged in time
)

// AlertKinds lists all kinds.
func AlertKinds() []AlertKind {
	return []AlertKind{AlertFailing, AlertMissed, AlertLate, AlertSlow, AlertSilent, AlertUnexplained, AlertOverdue}
}

// Valid reports whether k is one of the kinds.
func (k AlertKind) Valid() bool { return slices.Contains(AlertKinds(), k) }

// Alerts says what about a job raises an alert. Who is told is a matter of routes.
type Alerts struct {
	Failures     int         `json:"failures,omitempty" doc:"How many runs in a row have to end badly; 1 by default." minimum:"1" maximum:"1000" example:"3"`
	LateAfter    Duration    `json:"late_after,omitempty" doc:"A run that begins later than this after its fire time is late; without it, none is." example:"5m"`
	SlowFactor   float64     `json:"slow_factor,omitempty" doc:"A run that takes so many times as long as 19 of 20 of the job's runs is slow; without it, none is." minimum:"1" maximum:"1000" example:"3"`
	NoSuccessFor Duration    `json:"no_success_for,omitempty" doc:"The job is silent when none of its runs has succeeded for so long; without it, it never is." example:"26h"`
	Mute         []AlertKind `json:"mute,omitempty" doc:"Kinds that raise no alert. Failing, missed and unexplained do by default." enum:"failing,missed,late,slow,silent,unexplained" maxItems:"6" example:"[\"missed\"]"`
}

// The bounds of [Alerts].
const (
	maxAlertFailures = 1000
	minLateAfter     = time.Second
	maxAlertSpan     = 366 * 24 * time.Hour
	maxSlowFactor    = 1000
)

// WithDefaults returns what holds for a job; a is nil where its document says
// nothing. What is off by default stays zero.
func (a *Alerts) WithDefaults() Alerts {
	if a == nil {
		return Alerts{Failures: 1}
	}
	filled := *a
	fill(&filled.Failures, 1)
	return filled
}

// Mutes reports whether a kind raises no alert.
func (a Alerts) Mutes(kind AlertKind) bool { return slices.Contains(a.Mute, kind) }

func (a *Alerts) validate() error {
	if a == nil {
		return nil
	}
	var faults fault.Faults
	if a.Failures < 0 || a.Failures > maxAlertFailures {
		faults.Add("failures", "must be from 1 to %d, not %d; to have no such alert, mute failing", maxAlertFailures, a.Failures)
	}
	if a.SlowFactor != 0 && (a.SlowFactor < 1 || a.SlowFactor > maxSlowFactor) {
		faults.Add("slow_factor", "must be from 1 to %d, not %g", maxSlowFactor, a.SlowFactor)
	}
	if a.LateAfter != 0 && (time.Duration(a.LateAfter) < minLateAfter || time.Duration(a.LateAfter) > maxAlertSpan) {
		faults.Add("late_after", "must be from 1s to 366d, not %s", a.LateAfter)
	}
	checkSpan(&faults, "no_success_for", a.NoSuccessFor)
	for _, kind := range a.Mute {
		if !kind.Valid() || kind == AlertOverdue {
			faults.Add("mute", "must be of failing, missed, late, slow, silent and unexplained, not %.40q", kind)
		}
	}
	return faults.Err()
}

func checkSpan(faults *fault.Faults, field string, span Duration) {
	if span < 0 || time.Duration(span) > maxAlertSpan {
		faults.Add(field, "must be above 0 and at most 366d, or left out, not %s", span)
	}
}
