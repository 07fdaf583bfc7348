package schedule

import "math/bits"

// weekStart returns the first day of the week that holds a day; weeks begin on
// the weekday wkst.
func weekStart(number, wkst int) int {
	return number - (weekdayOf(number)-wkst+7)%7
}

// firstWeek returns the first day of week 1 of a year: the first week with at
// least four days in it (ISO 8601 where weeks begin on Monday).
func firstWeek(year, wkst int) int {
	return weekStart(dayNumber(year, 1, 4), wkst)
}

// nthInYear returns the n-th given weekday of a year, counted from its end if n
// is negative. It may lie outside the year.
func nthInYear(year, weekday, n int) int {
	if n > 0 {
		return weekStart(dayNumber(year, 1, 7), weekday) + (n-1)*7
	}
	return weekStart(dayNumber(year, 12, 31), weekday) + (n+1)*7
}

// yearDays are places in a year: bit n is the n-th, from the start or from the end.
type yearDays struct{ ahead, back [6]uint64 }

// has reports whether the n-th of so many places is among them.
func (y *yearDays) has(n, total int) bool {
	back := total + 1 - n
	return y.ahead[n/64]>>(n%64)&1 == 1 || y.back[back/64]>>(back%64)&1 == 1
}

// keep returns those days of a month, whose first day has the given number,
// that are in the set of the year.
func (y *yearDays) keep(set uint64, year, first int) (kept uint64) {
	before, length := first-dayNumber(year, 1, 1), 337+daysIn(year, 2)
	for rest := set; rest != 0; rest &= rest - 1 {
		if y.has(before+bits.TrailingZeros64(rest), length) {
			kept |= rest & -rest
		}
	}
	return kept
}

// keepWeeks returns those days of a month, whose first day has the given
// number, that are in the chosen weeks of the year.
func (r *ruleDays) keepWeeks(set uint64, first int) (kept uint64) {
	for start := weekStart(first, r.wkst); start < first+31; start += 7 { // the first may begin up to 6 days early
		year := dateOf(start + 3).year
		ahead := (start-firstWeek(year, r.wkst))/7 + 1
		back := (firstWeek(year+1, r.wkst) - start) / 7
		if r.weeks>>ahead&1 == 1 || r.weeksBack>>back&1 == 1 {
			kept |= 0x7f << (start - first + 7) >> 6
		}
	}
	return kept & set
}

// pick keeps the days of the months whose positions among all of them are
// chosen. Position 1 is the first of them, -1 the last.
func pick(positions *yearDays, months [12]uint32) (picked [12]uint32) {
	total, n := 0, 0
	for _, days := range months {
		total += bits.OnesCount32(days)
	}
	for i, days := range months {
		for rest := days; rest != 0; rest &= rest - 1 {
			if n++; positions.has(n, total) {
				picked[i] |= rest & -rest
			}
		}
	}
	return picked
}
