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

// yearDays are days of the year: bit n is the n-th day, from the start or from
// the end.
type yearDays struct{ ahead, back [6]uint64 }

// keep returns those days of a month, whose first day has the given number,
// that are in the set of the year.
func (y *yearDays) keep(set uint64, year, first int) (kept uint64) {
	before, length := first-dayNumber(year, 1, 1), 337+daysIn(year, 2)
	for rest := set; rest != 0; rest &= rest - 1 {
		n := before + bits.TrailingZeros64(rest)
		back := length + 1 - n
		if y.ahead[n/64]>>(n%64)&1 == 1 || y.back[back/64]>>(back%64)&1 == 1 {
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

// pick keeps the given positions of all days of the months. Position 1 is the
// first of them, -1 the last.
func pick(positions []int, months [12]uint32) (picked [12]uint32) {
	total := 0
	for _, days := range months {
		total += bits.OnesCount32(days)
	}
	for _, position := range positions {
		if position < 0 {
			position += total + 1
		}
		for i, days := range months {
			if n := bits.OnesCount32(days); position > n {
				position -= n
				continue
			}
			picked[i] |= nthBit(days, position)
			break
		}
	}
	return picked
}

// nthBit returns the n-th lowest set bit alone, or nothing.
func nthBit(set uint32, n int) uint32 {
	if n < 1 {
		return 0
	}
	for ; n > 1; n-- {
		set &= set - 1
	}
	return set & -set
}
