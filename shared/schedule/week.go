package schedule

import (
	"math/bits"
	"slices"
)

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

func (r *ruleDays) inYearDays(year, number int) bool {
	if len(r.yearDays) == 0 {
		return true
	}
	ahead := number - dayNumber(year, 1, 1) + 1
	back := number - dayNumber(year+1, 1, 1)
	return slices.Contains(r.yearDays, ahead) || slices.Contains(r.yearDays, back)
}

func (r *ruleDays) inWeeks(number int) bool {
	if len(r.weeks) == 0 {
		return true
	}
	start := weekStart(number, r.wkst)
	year := dateOf(start + 3).year
	ahead := (start-firstWeek(year, r.wkst))/7 + 1
	back := (start - firstWeek(year+1, r.wkst)) / 7
	return slices.Contains(r.weeks, ahead) || slices.Contains(r.weeks, back)
}

// pick keeps the given positions of all set bits and returns what is left of
// set i. Position 1 is the lowest bit of the first set, -1 the highest of the last.
func pick(positions []int, sets []uint64, i int) (picked uint64) {
	total, before := 0, 0
	for j, set := range sets {
		total += bits.OnesCount64(set)
		if j < i {
			before += bits.OnesCount64(set)
		}
	}
	for _, position := range positions {
		if position < 0 {
			position += total + 1
		}
		picked |= nthBit(sets[i], position-before)
	}
	return picked
}

// nthBit returns the n-th lowest set bit alone, or nothing.
func nthBit(set uint64, n int) uint64 {
	for ; n > 1; n-- {
		set &= set - 1
	}
	if n < 1 {
		return 0
	}
	return set & -set
}
