package schedule

import "math/bits"

// rowMonths bounds how many months one look at a row of days takes.
const rowMonths = 12

// lastDayInRow returns the last day of the row of chosen days from one on, in
// which each comes at most apart days after the one before.
func (p *pattern) lastDayInRow(number, apart int) int {
	last, d := number, dateOf(number)
	from := d.day
	for range rowMonths {
		first := dayNumber(d.year, d.month, 1)
		set := p.chosen(d) >> from << from
		if set != 0 {
			if first+bits.TrailingZeros64(set)-1-last > apart {
				return last
			}
			gap := lowestFrom(^smear(set, apart), bits.TrailingZeros64(set))
			last = first + highestTo(set, gap-1) - 1
			if set>>gap != 0 {
				return last
			}
		}
		if d, from = d.nextMonth(), 1; dayNumber(d.year, d.month, 1)-last > apart || d.year >= endYear {
			return last
		}
	}
	return last
}

// firstDayInRow is lastDayInRow backwards.
func (p *pattern) firstDayInRow(number, apart int) int {
	first, d := number, dateOf(number)
	to := d.day
	for range rowMonths {
		zeroth := dayNumber(d.year, d.month, 1) - 1
		set := p.chosen(d) << (63 - to) >> (63 - to)
		if set != 0 {
			high := bits.Len64(set) - 1
			if first-zeroth-high > apart {
				return first
			}
			back := smear(bits.Reverse64(set), apart) // day d is bit 63-d
			gap := 0
			if bit := lowestFrom(^back, 63-high); bit >= 0 {
				gap = 63 - bit
			}
			first = zeroth + lowestFrom(set, gap+1)
			if gap > 0 && set<<(63-gap) != 0 {
				return first
			}
		}
		if d, to = d.previousMonth(), 31; first-zeroth > apart || d.year < firstYear {
			return first
		}
	}
	return first
}

// chosen returns the days of a month that the pattern chooses.
func (p *pattern) chosen(d date) uint64 {
	if !p.years.has(d.year) || p.months>>d.month&1 == 0 {
		return 0
	}
	return p.days.days(d.year, d.month)
}

// smear adds to each bit those above it, so that it stands for so many.
func smear(set uint64, bits int) uint64 {
	bits = min(bits, 31)
	for done := 1; done < bits; {
		step := min(done, bits-done)
		set |= set << step
		done += step
	}
	return set
}

func (d date) nextMonth() date {
	if d.month == 12 {
		return date{d.year + 1, 1, 1}
	}
	return date{d.year, d.month + 1, 1}
}

func (d date) previousMonth() date {
	if d.month == 1 {
		return date{d.year - 1, 12, 1}
	}
	return date{d.year, d.month - 1, 1}
}
