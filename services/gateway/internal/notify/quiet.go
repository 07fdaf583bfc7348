package notify

import (
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
)

// QuietHours are a part of each day.
type QuietHours struct {
	From     string `json:"from" doc:"When they begin." example:"22:00"`
	To       string `json:"to" doc:"When they end, on the next day if that is earlier." example:"07:00"`
	Timezone string `json:"timezone,omitempty" doc:"Name of the IANA database; UTC by default." example:"Europe/Berlin"`
}

const clock = "15:04"

func (q *QuietHours) validate() error {
	if q == nil {
		return nil
	}
	var faults fault.Faults
	var of [2]time.Time
	for i, end := range []struct{ field, text string }{{"from", q.From}, {"to", q.To}} {
		var err error
		if of[i], err = time.Parse(clock, end.text); err != nil {
			faults.Add(end.field, "must be a time of day like 22:00, not %.20q", end.text)
		}
	}
	if of[0].Equal(of[1]) {
		faults.Add("to", "must differ from from")
	}
	if _, err := time.LoadLocation(q.Timezone); err != nil {
		faults.Add("timezone", "must be a name of the IANA database like Europe/Berlin, not %.60q", q.Timezone)
	}
	return faults.Err()
}

// after returns the first instant at or after t that lies outside. Whether they end
// on the next day is a matter of the clock, not of instants: when clocks go forward,
// half past two may come to be after three.
func (q *QuietHours) after(t time.Time) time.Time {
	if q == nil {
		return t
	}
	zone, err := time.LoadLocation(q.Timezone)
	if err != nil {
		return t // unreachable: it was valid when it was stored
	}
	local := t.In(zone)
	overnight := 0
	if !parsed(q.To).After(parsed(q.From)) {
		overnight = 1
	}
	for _, day := range []int{-1, 0} { // what began yesterday may go on
		begin, end := on(local, day, q.From), on(local, day+overnight, q.To)
		if !t.Before(begin) && t.Before(end) {
			return end.UTC()
		}
	}
	return t
}

// on is a time of day, so many days from that of t.
func on(t time.Time, days int, text string) time.Time {
	of := parsed(text)
	return time.Date(t.Year(), t.Month(), t.Day()+days, of.Hour(), of.Minute(), 0, 0, t.Location())
}

func parsed(text string) time.Time {
	of, _ := time.Parse(clock, text) // valid
	return of
}
