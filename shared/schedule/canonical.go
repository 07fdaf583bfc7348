package schedule

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/netresearch/go-cron"
)

// String returns the canonical expression with its zone: "cron 30 2 * * 1-5
// Europe/Berlin". Policies appear where they are not the default.
func (c *cronRule) String() string {
	text := "cron " + c.expr.String() + " " + c.zone.name
	if c.dst != elapsed || !c.expr.elapsed {
		text += dstText(c.dst)
	}
	return text
}

// String returns the canonical form: as few fields as possible, numbers in
// order and as few of them as possible. It is a valid expression that means the
// same. A star that makes an hour field elapsed time, or a day field free, is
// kept; none is made up there.
func (e *expression) String() string {
	texts := []string{
		fields[second].starred(e.second),
		fields[minute].starred(e.minute),
		fields[hour].text(e.hour, e.elapsed),
		joined(fields[dayOfMonth].text(e.calendar.dom, free(e.texts[dayOfMonth])), specialTexts(e.calendar.special)),
		fields[monthOfYear].starred(e.months),
		joined(fields[dayOfWeek].text(e.calendar.dow, free(e.texts[dayOfWeek])), nthTexts(e.calendar.nth)),
		e.yearText(),
	}
	if texts[year] == "*" {
		texts = texts[:year]
		if texts[second] == "0" {
			texts = texts[minute:]
		}
	}
	return strings.Join(texts, " ")
}

// text writes a set whose star has a meaning.
func (f *field) text(set uint64, star bool) string {
	if star {
		return f.freed(set)
	}
	return ranges(set)
}

// starred writes a set whose text may begin with a star: exactly "*/n", or
// numbers.
func (f *field) starred(set uint64) string {
	if step := stepOf(set, f.min, f.min+f.period-1); step > 0 {
		return stepText(step)
	}
	return ranges(set)
}

// freed writes a set whose text must begin with a star: the finest steps that
// it holds, then the rest.
func (f *field) freed(set uint64) string {
	for step := 1; step <= f.period; step++ {
		if steps := stepBits(f.min, f.min+f.period-1, step); steps&^set == 0 {
			return joined(stepText(step), ranges(set&^steps))
		}
	}
	return ranges(set)
}

func stepText(step int) string {
	if step == 1 {
		return "*"
	}
	return "*/" + strconv.Itoa(step)
}

// ranges writes a set as numbers: "1-5", "9-17/2", "0,7,30-45".
func ranges(set uint64) string {
	low, high := bits.TrailingZeros64(set), bits.Len64(set)-1
	if step := stepOf(set, low, high); step > 1 && bits.OnesCount64(set) > 2 {
		return fmt.Sprintf("%d-%d/%d", low, high, step)
	}
	var texts []string
	for set != 0 {
		low = bits.TrailingZeros64(set)
		run := bits.TrailingZeros64(^(set >> low))
		texts = append(texts, runText(low, run))
		set &^= (1<<run - 1) << low
	}
	return strings.Join(texts, ",")
}

// runText writes consecutive numbers.
func runText(low, run int) string {
	switch run {
	case 1:
		return strconv.Itoa(low)
	case 2:
		return fmt.Sprintf("%d,%d", low, low+1)
	}
	return fmt.Sprintf("%d-%d", low, low+run-1)
}

func (e *expression) yearText() string {
	if e.years == allYears {
		return "*"
	}
	var texts []string
	for year, ok := e.years.from(firstYear); ok; {
		run := 1
		for e.years.has(year + run) {
			run++
		}
		texts = append(texts, runText(year, run))
		year, ok = e.years.from(year + run)
	}
	return strings.Join(texts, ",")
}

// joined joins the parts of a list that are not empty.
func joined(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.Join(parts, ",")
}

func specialTexts(list []cron.DomConstraint) string {
	texts := make([]string, len(list))
	for i, c := range list {
		switch c.Type {
		case cron.DomLast:
			texts[i] = "L"
		case cron.DomLastOffset:
			texts[i] = fmt.Sprintf("L-%d", c.N)
		case cron.DomLastWeekday:
			texts[i] = "LW"
		case cron.DomNearestWeekday:
			texts[i] = fmt.Sprintf("%dW", c.N)
		}
	}
	return sorted(texts)
}

func nthTexts(list []cron.DowConstraint) string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = fmt.Sprintf("%d#%d", c.Weekday, c.N)
		if c.N < 0 {
			texts[i] = fmt.Sprintf("%dL", c.Weekday)
		}
	}
	return sorted(texts)
}

func sorted(texts []string) string {
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ",")
}
