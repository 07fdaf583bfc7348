package schedule

import "time"

// Spec is the `schedule` part of a job document: when a job fires.
//
// Exactly one of Cron, Every, At, RRule and AnyOf says when; the rest refine
// it. Blank means not given.
type Spec struct {
	// Cron is a cron expression: five fields, six with seconds before them,
	// seven with a year after them, or a macro such as "@daily".
	Cron string `json:"cron,omitempty"`
	// Every is a fixed interval of whole seconds, counted from Anchor.
	Every Duration `json:"every,omitempty"`
	// At is the one instant at which the job fires.
	At *time.Time `json:"at,omitempty"`
	// RRule is an iCalendar recurrence rule (RFC 5545), alone or with lines
	// for DTSTART, EXDATE and RDATE. Without DTSTART it counts from Anchor.
	RRule string `json:"rrule,omitempty"`
	// AnyOf holds several rules; the job fires when any of them does.
	AnyOf []Rule `json:"any_of,omitempty"`

	// Anchor is where Every and RRule count from; the Unix epoch by default.
	Anchor *time.Time `json:"anchor,omitempty"`
	// Timezone is a name of the IANA database; UTC by default.
	Timezone string `json:"timezone,omitempty"`
	// DST says what happens when the clocks change.
	DST DST `json:"dst,omitzero"`
	// Start is the first instant at which the job may fire.
	Start *time.Time `json:"start,omitempty"`
	// End is the first instant at which it may no longer fire.
	End *time.Time `json:"end,omitempty"`
	// MaxRuns ends the schedule after so many fires, counted from Start; 0 is
	// no bound.
	MaxRuns int `json:"max_runs,omitempty"`
	// Spread delays the job by its own stable share of a duration ("10m") or
	// of the interval to the next fire ("20%").
	Spread string `json:"spread,omitempty"`
	// Blackouts are windows in which the job does not fire.
	Blackouts []Blackout `json:"blackouts,omitempty"`
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
	// Cron begins a window whenever it fires, in the Spec's time zone.
	Cron string `json:"cron,omitempty"`
	// Duration is how long a window of Cron lasts.
	Duration Duration `json:"duration,omitempty"`
	// Dates are whole days in the Spec's time zone: "2026-12-25", or a first
	// and a last day, "2026-12-24/2027-01-01".
	Dates []string `json:"dates,omitempty"`
	// ICalendar is the text of an iCalendar file (RFC 5545), whose events are
	// the windows.
	ICalendar string `json:"icalendar,omitempty"`
	// Policy says what becomes of a fire in a window.
	Policy BlackoutPolicy `json:"policy,omitempty"`
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
