package schedule

import "math/bits"

// pattern is a set of civil times: those whose year, month and day are chosen
// and whose hour, minute and second are in the sets. Sets are bit sets, so the
// search jumps from one member to the next at every level instead of stepping.
type pattern struct {
	years                        yearSet
	months, hour, minute, second uint64
	days                         dayRule
}

// dayRule chooses days of a month: bit d of the result stands for day d.
type dayRule interface {
	days(year, month int) uint64
}

// yearSet holds years from firstYear on; bit 0 of the first word is firstYear.
type yearSet [4]uint64

func (s *yearSet) add(year int) {
	i := year - firstYear
	s[i/64] |= 1 << (i % 64)
}

func (s *yearSet) has(year int) bool {
	i := year - firstYear
	return i >= 0 && i < 256 && s[i/64]>>(i%64)&1 == 1
}

// firstIn returns the first year that is also in another set.
func (s *yearSet) firstIn(other *yearSet) (int, bool) {
	for i := range s {
		if both := s[i] & other[i]; both != 0 {
			return firstYear + i*64 + bits.TrailingZeros64(both), true
		}
	}
	return 0, false
}

// remove takes the years of another set out of this one.
func (s *yearSet) remove(other *yearSet) {
	for i := range s {
		s[i] &^= other[i]
	}
}

// from returns the first year of the set that is not before year.
func (s *yearSet) from(year int) (int, bool) {
	for i := max(year-firstYear, 0); i < 256; i = (i/64 + 1) * 64 {
		if rest := s[i/64] >> (i % 64); rest != 0 {
			return firstYear + i + bits.TrailingZeros64(rest), true
		}
	}
	return 0, false
}

// to returns the last year of the set that is not after year.
func (s *yearSet) to(year int) (int, bool) {
	for i := min(year-firstYear, 255); i >= 0; i = i/64*64 - 1 {
		if rest := s[i/64] << (63 - i%64); rest != 0 {
			return firstYear + i - bits.LeadingZeros64(rest), true
		}
	}
	return 0, false
}

// next returns the first member that is not before civil.
func (p *pattern) next(civil int64) (int64, bool) {
	number, second := split(civil)
	d := dateOf(number)
	if p.has(d) {
		if s, ok := p.secondFrom(second); ok {
			return midnight(number) + int64(s), true
		}
	}
	for d.day++; p.monthFrom(&d); d.month, d.day = d.month+1, 1 {
		if found := lowestFrom(p.days.days(d.year, d.month), d.day); found > 0 {
			first, _ := p.secondFrom(0)
			return midnight(dayNumber(d.year, d.month, found)) + int64(first), true
		}
	}
	return never, false
}

// prev returns the last member that is not after civil.
func (p *pattern) prev(civil int64) (int64, bool) {
	number, second := split(civil)
	d := dateOf(number)
	if p.has(d) {
		if s, ok := p.secondTo(second); ok {
			return midnight(number) + int64(s), true
		}
	}
	for d.day--; p.monthTo(&d); d.month, d.day = d.month-1, 31 {
		if found := highestTo(p.days.days(d.year, d.month), d.day); found > 0 {
			last, _ := p.secondTo(secondsPerDay - 1)
			return midnight(dayNumber(d.year, d.month, found)) + int64(last), true
		}
	}
	return never, false
}

func (p *pattern) has(d date) bool {
	return p.years.has(d.year) && p.months>>d.month&1 == 1 && p.days.days(d.year, d.month)>>d.day&1 == 1
}

// monthFrom moves d forward to the first chosen month that is not before its
// own; a later month starts at its first day. False: there is none.
func (p *pattern) monthFrom(d *date) bool {
	month := lowestFrom(p.months, d.month)
	if p.years.has(d.year) && month > 0 {
		if month != d.month {
			d.month, d.day = month, 1
		}
		return true
	}
	year, ok := p.years.from(d.year + 1)
	*d = date{year, lowestFrom(p.months, 1), 1}
	return ok
}

// monthTo is monthFrom backwards.
func (p *pattern) monthTo(d *date) bool {
	month := highestTo(p.months, d.month)
	if p.years.has(d.year) && month > 0 {
		if month != d.month {
			d.month, d.day = month, 31
		}
		return true
	}
	year, ok := p.years.to(d.year - 1)
	*d = date{year, highestTo(p.months, 12), 31}
	return ok
}

// secondFrom returns the first chosen second of the day at or after second.
func (p *pattern) secondFrom(second int) (int, bool) {
	h, m, s := clock(second)
	if p.hour>>h&1 == 1 {
		if found := lowestFrom(p.second, s); p.minute>>m&1 == 1 && found >= 0 {
			return secondOf(h, m, found), true
		}
		if found := lowestFrom(p.minute, m+1); found >= 0 {
			return secondOf(h, found, lowestFrom(p.second, 0)), true
		}
	}
	found := lowestFrom(p.hour, h+1)
	return secondOf(found, lowestFrom(p.minute, 0), lowestFrom(p.second, 0)), found >= 0
}

// secondTo returns the last chosen second of the day at or before second.
func (p *pattern) secondTo(second int) (int, bool) {
	h, m, s := clock(second)
	if p.hour>>h&1 == 1 {
		if found := highestTo(p.second, s); p.minute>>m&1 == 1 && found >= 0 {
			return secondOf(h, m, found), true
		}
		if found := highestTo(p.minute, m-1); found >= 0 {
			return secondOf(h, found, highestTo(p.second, 59)), true
		}
	}
	found := highestTo(p.hour, h-1)
	return secondOf(found, highestTo(p.minute, 59), highestTo(p.second, 59)), found >= 0
}

// clock cuts a second of the day into hour, minute and second.
func clock(second int) (h, m, s int) {
	return second / secondsPerHour, second / secondsPerMinute % 60, second % 60
}

// secondOf is the inverse of clock.
func secondOf(h, m, s int) int {
	return h*secondsPerHour + m*secondsPerMinute + s
}
