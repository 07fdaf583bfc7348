package schedule

import "time"

// Spec is the `schedule` part of a job document: when a job fires.
//
// Exactly one of Cron, Every, At, RRule and AnyOf says when; the rest refine
// it. Blank means not given.
type Spec struct {
	Cron  string     `json:"cron,omitempty" doc:"Cron expression: five fields, six with seconds before them, seven with a year after them, or a macro such as @daily." example:"30 2 * * *"`
	Every Duration   `json:"every,omitempty" doc:"Fixed interval of whole seconds, counted from anchor." example:"15m"`
	At    *time.Time `json:"at,omitempty" doc:"The one instant at which the job fires."`
	RRule string     `json:"rrule,omitempty" doc:"iCalendar recurrence rule (RFC 5545), alone or with lines for DTSTART, EXDATE and RDATE. Without DTSTART it counts from anchor." example:"FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0;BYSECOND=0"`
	AnyOf []Rule     `json:"any_of,omitempty" doc:"Several rules; the job fires when any of them does."`

	Anchor    *time.Time `json:"anchor,omitempty" doc:"Where every and rrule count from; the Unix epoch by default."`
	Timezone  string     `json:"timezone,omitempty" doc:"Name of the IANA database. By default the zone that cron (CRON_TZ=) or rrule (TZID=) names, else UTC." example:"Europe/Berlin"`
	DST       DST        `json:"dst,omitzero" doc:"What happens when the clocks change."`
	Start     *time.Time `json:"start,omitempty" doc:"The first instant at which the job may fire."`
	End       *time.Time `json:"end,omitempty" doc:"The first instant at which it may no longer fire."`
	MaxRuns   int        `json:"max_runs,omitempty" doc:"Ends the schedule after so many fires, counted from start; 0 is no bound." minimum:"0"`
	Spread    string     `json:"spread,omitempty" doc:"Delays the job by its own stable share of a duration, or of the interval to the next fire." example:"20%"`
	Blackouts []Blackout `json:"blackouts,omitempty" doc:"Windows in which the job does not fire."`
	Adapted   *Adapted   `json:"adapted,omitempty" doc:"What adaptive rescheduling made of it. In the document of a job it is Carillon's: what a request says of it is ignored." readOnly:"true"`
}

// Rule is one of several rules of a [Spec]. Its fields mean what those of the
// Spec mean; Timezone and DST default to the Spec's.
type Rule struct {
	Cron     string     `json:"cron,omitempty"`
	Every    Duration   `json:"every,omitempty"`
	At       *time.Time `json:"at,omitempty"`
	RRule    string     `json:"rrule,omitempty"`
	Anchor   *time.Time `json:"anchor,omitempty"`
	Timezone string     `json:"timezone,omitempty"`
	DST      DST        `json:"dst,omitzero"`
}

// Blackout is a set of windows in which a job does not fire. Exactly one of
// Cron, Dates and ICalendar says when.
type Blackout struct {
	Cron      string         `json:"cron,omitempty" doc:"Begins a window whenever it fires, in the schedule's time zone; where the clocks change, after the gap and in both copies of a repeated hour." example:"0 22 * * *"`
	Duration  Duration       `json:"duration,omitempty" doc:"How long a window of cron lasts." example:"8h"`
	Dates     []string       `json:"dates,omitempty" doc:"Whole days in the schedule's time zone, or a first and a last day." example:"[\"2026-12-25\",\"2026-12-24/2027-01-01\"]"`
	ICalendar string         `json:"icalendar,omitempty" doc:"Text of an iCalendar file (RFC 5545), whose events are the windows."`
	Policy    BlackoutPolicy `json:"policy,omitempty" doc:"What becomes of a fire in a window; skip by default. A deferred one fires at the window's end." enum:"skip,defer"`
}

// BlackoutPolicy says what becomes of a fire that falls into a blackout.
type BlackoutPolicy string

// The policies of a blackout; BlackoutSkip is the default. Deferred fires
// become one fire at the end of the window. Where windows of both kinds
// overlap, skipping wins.
const (
	BlackoutSkip  BlackoutPolicy = "skip"
	BlackoutDefer BlackoutPolicy = "defer"
)
