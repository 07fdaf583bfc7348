package schedule

// kinds is the number of years that differ in what a calendar rule can see of
// them: the weekday on which they begin, and which of the year before, the year
// itself and the year after is a leap year: one of them or none.
const kinds = 28

// kindOf returns the kind of a year, from 0 on.
func kindOf(year int) int {
	leap := 0
	switch {
	case isLeap(year):
		leap = 1
	case isLeap(year + 1):
		leap = 2
	case isLeap(year - 1):
		leap = 3
	}
	return leap*7 + weekdayOf(dayNumber(year, 1, 1))
}

// yearsOf are the engine's years by kind.
var yearsOf = func() (out [kinds]yearSet) {
	for y := firstYear; y < endYear; y++ {
		out[kindOf(y)].add(y)
	}
	return out
}()

// thinned returns the pattern without the years in which no day is chosen: itself
// where there are none.
func (p *pattern) thinned() *pattern {
	trial := *p
	if trial.thin(true); trial.years == p.years {
		return p
	}
	thin := trial
	return &thin
}

// thin drops the years in which no day is chosen, so that a search that is led
// by the years never walks through empty ones. Days that only depend on the
// kind of a year are looked at once for each kind. It returns how many
// months it looked at, those of empty years counted three times.
func (p *pattern) thin(cyclic bool) (looks int) {
	groups := yearsOf[:]
	if !cyclic {
		groups = singleYears[:]
	}
	for i := range groups {
		sample, ok := p.years.firstIn(&groups[i])
		if !ok {
			continue
		}
		months, found := p.monthsUntilDay(sample)
		if looks += months; !found {
			looks += 2 * months // all parts of the rule were at work
			p.years.remove(&groups[i])
		}
	}
	return looks
}

// monthsUntilDay counts the chosen months of a year up to the first in which a
// day is chosen, and reports whether there is one.
func (p *pattern) monthsUntilDay(year int) (looks int, found bool) {
	for m := lowestFrom(p.months, 1); m > 0; m = lowestFrom(p.months, m+1) {
		looks++
		if p.days.days(year, m) != 0 {
			return looks, true
		}
	}
	return looks, false
}

// singleYears are sets of one year each.
var singleYears = func() (out [endYear - firstYear]yearSet) {
	for i := range out {
		out[i].add(firstYear + i)
	}
	return out
}()
