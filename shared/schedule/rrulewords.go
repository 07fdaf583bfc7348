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
	text += " " + r.zone.words()
	switch {
	case o.Count > 0:
		text += fmt.Sprintf(", %d time%s from %s", o.Count, plural(o.Count), dateText(r.start.civil))
	case !o.Until.IsZero():
		text += ", until " + momentWords(o.Until.Unix(), r.zone)
	case o.Interval > 1:
		text += ", counted from " + dateText(r.start.civil)
	}
	return text
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
