package carillon

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// Adaptive says how far Carillon may reschedule a job by itself, within what its
// owner wrote: stretch its interval while it fails or is slow, and move it off
// crowded seconds within its spread. What it made of the schedule is in
// Schedule.Adapted; the rest of the schedule stays as the owner wrote it.
type Adaptive struct {
	Mode        AdaptiveMode `json:"mode,omitempty" doc:"off; suggest, which lists what it would do; or auto, which does it." enum:"off,suggest,auto" default:"off"`
	MinInterval Duration     `json:"min_interval,omitempty" doc:"Shortest interval that schedule.every may have, whoever sets it; no bound by default. Adaptive rescheduling never goes below schedule.every." example:"1m"`
	MaxInterval Duration     `json:"max_interval,omitempty" doc:"Longest interval that a job is stretched to; eight times schedule.every by default." example:"1h"`
}

// Adapted is what adaptive rescheduling made of a schedule.
type Adapted = schedule.Adapted

// AdaptiveMode is what Carillon does with what it finds out about a job's interval.
type AdaptiveMode string

// The modes of adaptive rescheduling.
const (
	AdaptiveOff     AdaptiveMode = "off"     // nothing
	AdaptiveSuggest AdaptiveMode = "suggest" // it says so
	AdaptiveAuto    AdaptiveMode = "auto"    // it does it
)

// maxStretch is how many times the owner's interval a job is stretched to where the
// owner gave no bound.
const maxStretch = 8

// AdaptiveMode returns the mode of the job, which is off unless it is given.
func (d *Document) AdaptiveMode() AdaptiveMode {
	if d.Adaptive == nil || d.Adaptive.Mode == "" {
		return AdaptiveOff
	}
	return d.Adaptive.Mode
}

// Longest returns the longest interval that a schedule with the given one is
// stretched to. It need not be a multiple of it.
func (a Adaptive) Longest(every Duration) Duration {
	if a.MaxInterval == 0 {
		return maxStretch * every
	}
	return a.MaxInterval
}

// KeepAdapted returns the document with what adaptive rescheduling made of the
// document before it, unless schedule or bounds are others: then the owner's word
// stands alone.
func (d Document) KeepAdapted(before Document) Document {
	adapted := before.Schedule.Adapted
	d.Schedule.Adapted, before.Schedule.Adapted = nil, nil
	if adapted != nil && d.AdaptiveMode() != AdaptiveOff && sameJSON(d.Schedule, before.Schedule) && sameJSON(d.Adaptive, before.Adaptive) {
		d.Schedule.Adapted = adapted
	}
	return d
}

func sameJSON[T schedule.Spec | *Adaptive](a, b T) bool {
	one, _ := json.Marshal(a) // neither can fail: they hold only data
	other, _ := json.Marshal(b)
	return bytes.Equal(one, other)
}

// validateAdaptive is about what the schedule can bear.
func (d Document) validateAdaptive() error {
	a := d.Adaptive
	if a == nil {
		return nil
	}
	var faults fault.Faults
	if !slices.Contains([]AdaptiveMode{"", AdaptiveOff, AdaptiveSuggest, AdaptiveAuto}, a.Mode) {
		faults.Add("mode", "must be off, suggest or auto, not %.40q", a.Mode)
	}
	every := d.Schedule.Every
	if every > 0 {
		faults.Nest("", a.validateBounds(every))
	} else if a.MinInterval != 0 || a.MaxInterval != 0 {
		faults.Add("", "min_interval and max_interval bound schedule.every, which is not given: a cron, rrule, at or any_of names its instants and cannot be stretched")
	}
	if _, spreads := d.Schedule.SpreadSpan(); every <= 0 && !spreads && d.AdaptiveMode() != AdaptiveOff {
		faults.Add("mode", "needs schedule.every to stretch, or a schedule.spread that is a duration to move within: a cron, rrule, at or any_of names its instants")
	}
	if d.Schedule.MaxRuns > 0 && d.AdaptiveMode() != AdaptiveOff {
		faults.Add("mode", "cannot stand beside schedule.max_runs, which counts the fires of one interval; use schedule.end")
	}
	return faults.Err()
}

func (a Adaptive) validateBounds(every Duration) error {
	var faults fault.Faults
	if a.MinInterval < 0 || a.MinInterval > every {
		faults.Add("min_interval", "must be above 0 and at most schedule.every (%s), or left out, not %s", every, a.MinInterval)
	}
	if a.MaxInterval != 0 && a.MaxInterval < every || time.Duration(a.MaxInterval) > maxAdaptive {
		faults.Add("max_interval", "must be from schedule.every (%s) to 31d, or left out, not %s", every, a.MaxInterval)
	}
	return faults.Err()
}

// maxAdaptive bounds max_interval: a job that is out of sight for longer is better
// paused.
const maxAdaptive = 31 * 24 * time.Hour

// Adaptation is what adaptive rescheduling does to a job.
type Adaptation string

// The adaptations.
const (
	Stretched Adaptation = "stretched" // to a longer interval
	Relaxed   Adaptation = "relaxed"   // to a shorter one, the owner's at last
	Moved     Adaptation = "moved"     // to another offset within its spread
)
