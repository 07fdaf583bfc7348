package schedule

import (
	"math/bits"

	"github.com/teambition/rrule-go"
)

// ruleDays chooses days as a recurrence rule does. All BY parts narrow the
// choice, then BYSETPOS picks from what is left of a period.
//
// What needs a whole year to decide is worked out once for each kind of year.
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
	yearDays           *yearDays
	weeks, weeksBack   uint64 // bit n: the n-th week of the year, from its end
	positions          *yearDays

	table *[kinds][12]uint32 // the days of all months by kind of year, where that says all and choosing is slow
}

// rulePattern turns a complete rule into a pattern.
func rulePattern(o *rrule.ROption, start int64) (*pattern, *ruleDays, error) {
	var r listReader
	number, _ := split(start)
	days := &ruleDays{
		freq: o.Freq, interval: o.Interval, start: number, wkst: fromSunday(o.Wkst),
		inYear: o.Freq == rrule.YEARLY && len(o.Bymonth) == 0,
	}
	days.monthDays, days.fromEnd = r.bothEnds("BYMONTHDAY", o.Bymonthday, 31)
	days.weeks, days.weeksBack = r.bothEnds("BYWEEKNO", o.Byweekno, 53)
	days.yearDays = r.yearDays("BYYEARDAY", o.Byyearday)
	days.positions = r.yearDays("BYSETPOS", o.Bysetpos)
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
	if r.err == nil && days.needsTable() {
		days.table = days.tabulate()
	}
	return p, days, r.err
}

// cyclic reports whether the choice depends on nothing but the kind of a year.
func (r *ruleDays) cyclic() bool {
	return r.interval == 1 || r.freq == rrule.YEARLY || r.freq > rrule.DAILY
}

// needsTable reports whether choosing needs whole years or positions.
func (r *ruleDays) needsTable() bool {
	inYear := r.inYear && len(r.nth) > 0 || r.yearDays != nil || r.weeks|r.weeksBack != 0
	return r.cyclic() && (inYear || r.positions != nil)
}

// looks returns how many months the table took to work out.
func (r *ruleDays) looks() int {
	if r.table == nil {
		return 0
	}
	return kinds * 12
}

func (r *ruleDays) tabulate() *[kinds][12]uint32 {
	table := new([kinds][12]uint32)
	for kind := range table {
		year, ok := yearsOf[kind].from(firstYear)
		for m := 1; ok && m <= 12; m++ {
			if r.months>>m&1 == 1 {
				table[kind][m-1] = uint32(r.ofMonth(year, m))
			}
		}
		if r.positions != nil && r.freq == rrule.YEARLY {
			table[kind] = pick(r.positions, table[kind])
		}
	}
	return table
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
	if r.table != nil {
		return uint64(r.table[kindOf(year)][number-1])
	}
	return r.ofMonth(year, number)
}

// ofMonth chooses the days of a month; what a year picks by position is not picked yet.
func (r *ruleDays) ofMonth(year, number int) uint64 {
	set := r.choose(year, number)
	if r.positions != nil && r.freq == rrule.MONTHLY {
		set = uint64(pick(r.positions, [12]uint32{uint32(set)})[0])
	}
	return set
}

// choose returns the days of a month that all parts but BYSETPOS agree on.
func (r *ruleDays) choose(year, number int) uint64 {
	first := dayNumber(year, number, 1)
	set := r.active(year, number, first)
	if set == 0 {
		return 0
	}
	m := month{weekdayOf(first), daysIn(year, number)}
	set &= m.all()
	if r.monthDays|r.fromEnd != 0 {
		set &= r.monthDays | bits.Reverse64(r.fromEnd)>>(62-m.last)
	}
	if r.weekdays != 0 || len(r.nth) > 0 {
		set &= m.weekdays(r.weekdays) | r.numbered(year, number, m)
	}
	if r.yearDays != nil {
		set = r.yearDays.keep(set, year, first)
	}
	if r.weeks|r.weeksBack != 0 && set != 0 {
		set = r.keepWeeks(set, first)
	}
	return set
}

// active returns the days of a month that INTERVAL leaves.
func (r *ruleDays) active(year, number, first int) (set uint64) {
	const all = ^uint64(0)
	if r.cyclic() {
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
