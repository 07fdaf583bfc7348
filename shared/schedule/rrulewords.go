package schedule

import (
	"fmt"
	"strings"

	"github.com/teambition/rrule-go"
)

func (r *recurrence) describe() string {
	o := r.option
	unit := [...]string{"year", "month", "week", "day", "hour", "minute", "second"}[o.Freq]
	text := "every " + count(o.Interval, unit)
	if days := r.dayWords(); days != "" {
		text += " " + days
	}
	if o.Freq < rrule.HOURLY {
		times, listed := r.pattern.timeWords()
		if listed {
			times = "at " + times
		}
		text += " " + times
	}
	if o.Freq >= rrule.HOURLY {
		text += ","
	}
	return text + " " + r.zone.words() + r.boundWords() + r.amendWords()
}

// boundWords says from when on and how long the rule fires.
func (r *recurrence) boundWords() (text string) {
	o, from := r.option, momentWords(r.from, r.zone)
	switch {
	case o.Count > 0:
		text = fmt.Sprintf(", %d time%s from %s", o.Count, plural(o.Count), from)
	case o.Interval > 1:
		text = ", counted from " + from
	default:
		text = ", from " + from
	}
	if !o.Until.IsZero() {
		text += ", until " + momentWords(o.Until.Unix(), r.zone)
	}
	return text
}

// amendWords says what EXDATE and RDATE change.
func (r *recurrence) amendWords() (text string) {
	if len(r.except) > 0 {
		text = ", except on " + r.moments(r.except)
	}
	if len(r.include) > 0 {
		text += ", and also on " + r.moments(r.include)
	}
	return text
}

// moments lists single instants, or counts them where they are many.
func (r *recurrence) moments(at instants) string {
	const most = 5
	if len(at) > most {
		return fmt.Sprintf("%d dates", len(at))
	}
	words := make([]string, len(at))
	for i, one := range at {
		words[i] = momentWords(one, r.zone)
	}
	return list(words)
}

// dayWords says which days of its period the rule chooses.
func (r *recurrence) dayWords() string {
	o := r.option
	var words []string
	add := func(format string, positions []int, of string) {
		if len(positions) > 0 {
			words = append(words, fmt.Sprintf(format, places(positions), of))
		}
	}
	add("on the %s%s", o.Bysetpos, " of what is")
	if len(o.Byweekday) > 0 {
		words = append(words, "on "+weekdaysOf(o.Byweekday))
	}
	add("on the %s day%s", o.Bymonthday, " of the month")
	add("on the %s day%s", o.Byyearday, " of the year")
	add("in the %s week%s", o.Byweekno, " of the year")
	if len(o.Bymonth) > 0 {
		words = append(words, "in "+names(r.pattern.months, monthName))
	}
	return strings.Join(words, " ")
}

// places returns "first and last" for 1 and -1.
func places(positions []int) string {
	words := make([]string, len(positions))
	for i, n := range positions {
		words[i] = ordinal(n)
	}
	return list(words)
}

// weekdaysOf returns "Monday and the last Friday".
func weekdaysOf(days []rrule.Weekday) string {
	words := make([]string, len(days))
	for i, d := range days {
		words[i] = weekdayName(fromSunday(d))
		if d.N() != 0 {
			words[i] = "the " + ordinal(d.N()) + " " + words[i]
		}
	}
	return list(words)
}
