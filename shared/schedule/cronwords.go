package schedule

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/netresearch/go-cron"
)

const (
	workweek = 0b0111110
	weekend  = 0b1000001
)

// dayWords says on which days the expression fires: to begin a sentence
// ("every weekday") or to end one ("on weekdays"). It is empty where a sentence
// need not end with "every day".
func (e *expression) dayWords(begin bool) string {
	anyDate, anyWeekday := e.calendar.dom == fields[dayOfMonth].all(), e.calendar.dow == fields[dayOfWeek].all()
	switch {
	case anyDate && anyWeekday, e.calendar.either && (anyDate || anyWeekday):
		return e.everyDay(begin)
	case anyWeekday:
		return e.dateWords()
	case anyDate:
		return e.weekdayWords(begin)
	case e.calendar.either:
		return e.dateWords() + " and also " + e.weekdayWords(true)
	}
	return e.dateWords() + " if that is " + e.whichWeekdays()
}

func (e *expression) everyDay(begin bool) string {
	if begin {
		return "every day" + e.inMonths()
	}
	return strings.TrimSpace(e.inMonths())
}

// dateWords returns "on day 1, day 15 and the last day of the month".
func (e *expression) dateWords() string {
	var words []string
	if from, to, ok := wrapped(e.calendar.dom>>1, 31); ok {
		words = append(words, fmt.Sprintf("day %d to the end and day 1 to %d", from+1, to+1))
	} else if n := bits.OnesCount64(e.calendar.dom); n > 0 {
		words = append(words, "day"+plural(n)+" "+numbers(e.calendar.dom))
	}
	for _, one := range e.calendar.special {
		words = append(words, specialWords(one))
	}
	return "on " + list(words) + " of " + e.ofMonths()
}

func specialWords(c cron.DomConstraint) string {
	switch c.Type {
	case cron.DomLast:
		return "the last day"
	case cron.DomLastOffset:
		return "the " + ordinal(-c.N-1) + " day"
	case cron.DomLastWeekday:
		return "the last weekday"
	}
	return fmt.Sprintf("the weekday nearest day %d", c.N)
}

// weekdayWords returns "every Friday" or "on Fridays".
func (e *expression) weekdayWords(begin bool) string {
	var words []string
	switch dow := e.calendar.dow; {
	case dow == 0:
	case begin:
		words = append(words, "every "+weekdayNames(dow, "")+e.inMonths())
	default:
		words = append(words, "on "+weekdayNames(dow, "s")+e.inMonths())
	}
	for _, one := range e.calendar.nth {
		words = append(words, "on the "+ordinal(one.N)+" "+weekdayName(one.Weekday)+" of "+e.ofMonths())
	}
	return list(words)
}

// weekdayNames names weekdays from Monday on.
func weekdayNames(dow uint64, ending string) string {
	switch dow {
	case workweek:
		return "weekday" + ending
	case weekend:
		return "Saturday" + ending + " and Sunday" + ending
	}
	return names(dow>>1|(dow&1)<<6, func(n int) string { return weekdayName((n+1)%7) + ending })
}

func (e *expression) whichWeekdays() string {
	var words []string
	if e.calendar.dow != 0 {
		words = append(words, "a "+strings.ReplaceAll(weekdayNames(e.calendar.dow, ""), " and ", " or a "))
	}
	for _, one := range e.calendar.nth {
		words = append(words, "the "+ordinal(one.N)+" "+weekdayName(one.Weekday))
	}
	return strings.Join(words, " or ")
}

// ofMonths returns "the month" or "January and July".
func (e *expression) ofMonths() string {
	if e.months == fields[monthOfYear].all() {
		return "the month"
	}
	return names(e.months, monthName)
}

// inMonths returns " in January and July", or nothing for all months.
func (e *expression) inMonths() string {
	if e.months == fields[monthOfYear].all() {
		return ""
	}
	return " in " + names(e.months, monthName)
}

// inYears returns " in 2027", or nothing for all years.
func (e *expression) inYears() string {
	if e.years == allYears {
		return ""
	}
	var words []string
	for item := range strings.SplitSeq(e.field(year), ",") {
		low, high, step, _ := yearRange(item)
		text := fmt.Sprint(low)
		if high > low {
			text = fmt.Sprintf("%d to %d", low, high)
		}
		if step > 1 {
			text = fmt.Sprintf("every %s year from %s", ordinal(step), text)
		}
		words = append(words, text)
	}
	return " in " + list(words)
}
