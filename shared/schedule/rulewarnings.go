package schedule

import (
	"fmt"
	"math/bits"

	"github.com/teambition/rrule-go"
)

func (c *cronRule) warn(n *notes) {
	c.warnClocks(n, func(int64, int64) bool { return false })
	c.expr.warnDays(n)
	c.expr.warnSteps(n)
	c.expr.warnMonths(n, c.zone)
	c.expr.warnShortMonths(n, c.zone)
}

func (r *recurrence) warn(n *notes) {
	for _, at := range r.idle {
		n.add("EXDATE %s excludes nothing: the rule does not fire then.", momentWords(at, r.zone))
	}
	within := &notes{from: max(n.from, r.from), to: min(n.to, r.until+1)}
	if w, ok := r.inner.(*wall); ok {
		w.warnClocks(within, r.excluded)
	}
	if r.option.Freq == rrule.MONTHLY && r.option.Interval == 1 && within.from < within.to {
		r.pattern.warnMonths(within, r.zone)
	}
	n.lines = append(n.lines, within.lines...)
}

// excluded reports whether the fire at a change of the clocks is.
func (r *recurrence) excluded(at, jump int64) bool {
	_, before := heldBy(r.holes.fixed, at)
	_, after := heldBy(r.holes.fixed, at-jump-1)
	return before || jump < 0 && after
}

// warnDays explains how the two day fields work together.
func (e *expression) warnDays(n *notes) {
	date, weekday := e.field(dayOfMonth), e.field(dayOfWeek)
	switch {
	case e.calendar.either:
		n.add("Day-of-month %s and day-of-week %s are both restricted: it fires on days that match either of them, not both.", date, weekday)
	case date != "*" && weekday != "*":
		n.add("Day-of-month %s and day-of-week %s: because one begins with a star, it fires only on days that match both.", date, weekday)
	}
}

// warnSteps points out steps that do not come out even.
func (e *expression) warnSteps(n *notes) {
	for _, one := range []struct {
		place int
		set   uint64
		whole string
	}{{second, e.second, "a minute"}, {minute, e.minute, "an hour"}, {hour, e.hour, "a day"}, {monthOfYear, e.months, "a year"}} {
		f := &fields[one.place]
		step := stepOf(one.set, f.min, f.min+f.period-1)
		if step > 0 && f.period%step != 0 && bits.OnesCount64(one.set) > 2 {
			last := bits.Len64(one.set) - 1
			n.add("Steps of %d do not fill %s: %s %d is followed by %s %d after %d, not %d.",
				step, one.whole, f.name, last, f.name, f.min, f.min+f.period-last, step)
		}
	}
	if step := stepOf(e.calendar.dom, 1, 31); step > 1 && free(e.field(dayOfMonth)) {
		n.add("Steps of %d days start anew on day 1 of every month.", step)
	}
}

// monthsOf returns the months that the pattern chooses between the notes' instants.
func (p *pattern) monthsOf(n *notes, z *zone) (out []date) {
	first, _ := split(z.civil(n.from))
	last, _ := split(z.civil(n.to))
	for d := dateOf(first); p.monthFrom(&d) && dayNumber(d.year, d.month, 1) <= last; d.month++ {
		out = append(out, d)
	}
	return out
}

// warnMonths lists chosen months without a single chosen day.
func (p *pattern) warnMonths(n *notes, z *zone) {
	var empty []string
	for _, d := range p.monthsOf(n, z) {
		if p.days.days(d.year, d.month) == 0 {
			empty = append(empty, fmt.Sprintf("%d-%02d", d.year, d.month))
		}
	}
	if len(empty) > 0 {
		n.add("It does not fire in %s: no day matches.", list(empty))
	}
}

// warnShortMonths lists months that lack a day of the month that stands alone.
func (e *expression) warnShortMonths(n *notes, z *zone) {
	day := bits.Len64(e.calendar.dom) - 1
	for day > 28 && e.calendar.dom>>(day-1)&1 == 1 {
		day--
	}
	if day <= 28 || free(e.field(dayOfMonth)) {
		return
	}
	var short []string
	for _, d := range e.monthsOf(n, z) {
		if daysIn(d.year, d.month) < day && e.days.days(d.year, d.month) != 0 {
			short = append(short, fmt.Sprintf("%d-%02d", d.year, d.month))
		}
	}
	if len(short) > 0 {
		n.add("There is no day %d in %s.", day, list(short))
	}
}
