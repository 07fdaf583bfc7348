package schedule

import "github.com/netresearch/go-cron"

// cronDays chooses days as the two day fields of a cron expression do.
type cronDays struct {
	dom     uint64 // bit d: day d of the month
	special []cron.DomConstraint
	dow     uint64 // bit 0: Sunday
	nth     []cron.DowConstraint
	either  bool // both fields are restricted: a day that matches one is enough
}

func (c *cronDays) days(year, month int) uint64 {
	m := monthOf(year, month)
	byDate := c.dom
	for _, one := range c.special {
		byDate |= m.special(one)
	}
	byWeekday := m.weekdays(c.dow)
	for _, one := range c.nth {
		byWeekday |= m.nth(one.Weekday, one.N)
	}
	if c.either {
		return (byDate | byWeekday) & m.all()
	}
	return byDate & byWeekday & m.all()
}

// month is what a search for days needs to know of a month.
type month struct {
	first int // weekday of day 1, 0 for Sunday
	last  int // the last day
}

func monthOf(year, number int) month {
	return month{weekdayOf(dayNumber(year, number, 1)), daysIn(year, number)}
}

func (m month) all() uint64 { return 1<<(m.last+1) - 2 }

// weekday returns the weekday of a day, 0 for Sunday.
func (m month) weekday(day int) int { return (m.first + day - 1) % 7 }

// weekdays returns all days that fall on the given weekdays.
func (m month) weekdays(set uint64) uint64 {
	week := (set | set<<7) >> m.first & 0x7f // bit 0: the weekday of day 1
	return (week | week<<7 | week<<14 | week<<21 | week<<28) << 1
}

// nth returns the n-th given weekday of the month, counted from the end if n is negative.
func (m month) nth(weekday, n int) uint64 {
	first := 1 + (weekday-m.first+7)%7
	found := first + (n-1)*7
	if n < 0 {
		found = first + (m.last-first)/7*7 + (n+1)*7
	}
	return m.only(found)
}

func (m month) special(c cron.DomConstraint) uint64 {
	switch c.Type {
	case cron.DomLast:
		return m.only(m.last)
	case cron.DomLastOffset:
		return m.only(m.last - c.N)
	case cron.DomLastWeekday:
		return m.only(m.nearest(m.last))
	case cron.DomNearestWeekday:
		return m.only(m.nearest(c.N))
	}
	return 0
}

// nearest returns the weekday (Monday to Friday) nearest to a day within its
// month, or 0 if the month has no such day.
func (m month) nearest(day int) int {
	if day > m.last {
		return 0
	}
	switch m.weekday(day) {
	case 6:
		if day == 1 {
			return 3
		}
		return day - 1
	case 0:
		if day == m.last {
			return day - 2
		}
		return day + 1
	}
	return day
}

// only returns the set of one day, or none if the month has no such day.
func (m month) only(day int) uint64 {
	if day < 1 || day > m.last {
		return 0
	}
	return 1 << day
}
