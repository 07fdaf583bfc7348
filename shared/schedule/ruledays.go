package schedule

import (
	"fmt"
	"math/bits"

	"github.com/teambition/rrule-go"
)

// ruleDays chooses days as a recurrence rule does. All BY parts narrow the
// choice, then BYSETPOS picks from what is left of a period.
type ruleDays struct {
	freq     rrule.Frequency
	interval int
	start    int // day number of DTSTART
	wkst     int // the weekday on which weeks begin, 0 for Sunday

	months             uint64
	monthDays, fromEnd uint64 // bit n: the n-th day of the month, from its end
	weekdays           uint64 // bit 0: Sunday
	nth                []rrule.Weekday
	inYear             bool // nth counts within the year, not the month
	yearDays           []int
	weeks              []int
	positions          []int
}

// rulePattern turns a complete rule into a pattern.
func rulePattern(o *rrule.ROption, start int64) (*pattern, error) {
	var r listReader
	number, _ := split(start)
	days := &ruleDays{
		freq: o.Freq, interval: o.Interval, start: number, wkst: fromSunday(o.Wkst),
		inYear:   o.Freq == rrule.YEARLY && len(o.Bymonth) == 0,
		yearDays: r.between("BYYEARDAY", o.Byyearday, 366),
		weeks:    r.between("BYWEEKNO", o.Byweekno, 53), positions: r.between("BYSETPOS", o.Bysetpos, 366),
	}
	days.monthDays, days.fromEnd = r.bothEnds(o.Bymonthday)
	for _, w := range o.Byweekday {
		if w.N() == 0 {
			days.weekdays |= 1 << fromSunday(w)
		} else {
			days.nth = append(days.nth, w)
		}
	}
	p := &pattern{
		years: days.years(), days: days, months: r.bits("BYMONTH", o.Bymonth, 1, 12),
		hour: r.bits("BYHOUR", given(o.Byhour, 0), 0, 23), minute: r.bits("BYMINUTE", given(o.Byminute, 0), 0, 59),
		second: r.bits("BYSECOND", given(o.Bysecond, 0), 0, 59),
	}
	if len(o.Bymonth) == 0 {
		p.months = fields[monthOfYear].all()
	}
	days.months = p.months
	return p, r.err
}

// years are those from DTSTART on in which the rule is active.
func (r *ruleDays) years() (active yearSet) {
	step := 1
	if r.freq == rrule.YEARLY {
		step = r.interval
	}
	for y := dateOf(r.start).year; y < endYear; y += step {
		if y >= firstYear {
			active.add(y)
		}
	}
	return active
}

func (r *ruleDays) days(year, number int) uint64 {
	set := r.choose(year, number)
	switch {
	case set == 0 || len(r.positions) == 0:
		return set
	case r.freq == rrule.MONTHLY:
		return pick(r.positions, []uint64{set}, 0)
	}
	var whole [12]uint64
	for m := range whole {
		if r.months>>(m+1)&1 == 1 {
			whole[m] = r.choose(year, m+1)
		}
	}
	return pick(r.positions, whole[:], number-1)
}

// choose returns the days of a month that all parts but BYSETPOS agree on.
func (r *ruleDays) choose(year, number int) uint64 {
	m := monthOf(year, number)
	first := dayNumber(year, number, 1)
	set := m.all() & r.active(year, number, first)
	if r.monthDays|r.fromEnd != 0 {
		set &= r.monthDays | bits.Reverse64(r.fromEnd)>>(62-m.last)
	}
	if r.weekdays != 0 || len(r.nth) > 0 {
		set &= m.weekdays(r.weekdays) | r.numbered(year, number, m)
	}
	if len(r.yearDays)+len(r.weeks) == 0 {
		return set
	}
	for rest := set; rest != 0; rest &= rest - 1 {
		if day := bits.TrailingZeros64(rest); !r.inYearDays(year, first+day-1) || !r.inWeeks(first+day-1) {
			set &^= 1 << day
		}
	}
	return set
}

// active returns the days of a month that INTERVAL leaves.
func (r *ruleDays) active(year, number, first int) (set uint64) {
	const all = ^uint64(0)
	if r.interval == 1 || r.freq == rrule.YEARLY || r.freq > rrule.DAILY {
		return all
	}
	if start := dateOf(r.start); r.freq == rrule.MONTHLY {
		if ((year-start.year)*12+number-start.month)%r.interval != 0 {
			return 0
		}
		return all
	}
	length, origin := 1, r.start
	if r.freq == rrule.WEEKLY {
		length, origin = 7, weekStart(r.start, r.wkst)
	}
	period := r.interval * length
	for at := origin + floorDiv(first-origin, period)*period; at < first+31; at += period {
		for day := max(at, first); day < at+length; day++ {
			set |= 1 << (day - first + 1)
		}
	}
	return set
}

// numbered returns the days that BYDAY counts: "-1FR".
func (r *ruleDays) numbered(year, number int, m month) (set uint64) {
	for _, w := range r.nth {
		if !r.inYear {
			set |= m.nth(fromSunday(w), w.N())
			continue
		}
		if d := dateOf(nthInYear(year, fromSunday(w), w.N())); d.year == year && d.month == number {
			set |= 1 << d.day
		}
	}
	return set
}

// listReader checks lists of numbers and remembers the first that is wrong.
type listReader struct{ err error }

func (r *listReader) check(name string, n, low, high int) bool {
	if n >= low && n <= high {
		return true
	}
	if r.err == nil {
		r.err = fmt.Errorf("%s=%d is out of range", name, n)
	}
	return false
}

func (r *listReader) bits(name string, list []int, low, high int) (set uint64) {
	for _, n := range list {
		if r.check(name, n, low, high) {
			set |= 1 << n
		}
	}
	return set
}

func (r *listReader) bothEnds(list []int) (ahead, back uint64) {
	for _, n := range list {
		if r.check("BYMONTHDAY", max(n, -n), 1, 31) {
			if n > 0 {
				ahead |= 1 << n
			} else {
				back |= 1 << -n
			}
		}
	}
	return ahead, back
}

func (r *listReader) between(name string, list []int, most int) []int {
	for _, n := range list {
		r.check(name, max(n, -n), 1, most)
	}
	return list
}
