package carillon

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Rate limits how many calls begin in a span of time, over all runners: in any
// span t at most Burst + Limit·t/Per. Every attempt of a run is a call.
type Rate struct {
	Limit int    `json:"limit" doc:"Calls that may begin in each second, minute or hour." minimum:"1" maximum:"100000" example:"20"`
	Per   Period `json:"per" doc:"What the limit counts by." enum:"second,minute,hour" example:"second"`
	Burst int    `json:"burst,omitempty" doc:"Calls that may begin at once after a quiet time; by default those of a tenth of a second, at least 1." minimum:"1" maximum:"10000" example:"2"`
}

// Period is the span that a rate counts by.
type Period string

// The periods.
const (
	PerSecond Period = "second"
	PerMinute Period = "minute"
	PerHour   Period = "hour"
)

// Bounds of a rate.
const (
	maxRate  = 100_000
	maxBurst = 10_000
)

// Valid reports whether p is one of the periods.
func (p Period) Valid() bool { return slices.Contains([]Period{PerSecond, PerMinute, PerHour}, p) }

// Duration is the length of a valid period.
func (p Period) Duration() time.Duration {
	switch p {
	case PerMinute:
		return time.Minute
	case PerHour:
		return time.Hour
	}
	return time.Second
}

// PerSecond is the rate in calls a second.
func (r Rate) PerSecond() float64 { return float64(r.Limit) / r.Per.Duration().Seconds() }

// WithDefaults returns the rate with its burst filled in.
func (r Rate) WithDefaults() Rate {
	fill(&r.Burst, min(max(int(r.PerSecond()/10), 1), maxBurst))
	return r
}

func (r Rate) validate() error {
	var faults fault.Faults
	if r.Limit < 1 || r.Limit > maxRate {
		faults.Add("limit", "must be from 1 to %d, not %d", maxRate, r.Limit)
	}
	if !r.Per.Valid() {
		faults.Add("per", "must be second, minute or hour, not %.40q", r.Per)
	}
	if r.Burst < 1 || r.Burst > maxBurst {
		faults.Add("burst", "must be from 1 to %d, not %d", maxBurst, r.Burst)
	}
	return faults.Err()
}
