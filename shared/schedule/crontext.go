package schedule

import (
	"fmt"
	"slices"
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
		joined(fields[dayOfMonth].text(e.calendar.dom, free(e.field(dayOfMonth))), specialTexts(e.calendar.special)),
		fields[monthOfYear].starred(e.months),
		joined(fields[dayOfWeek].text(e.calendar.dow, free(e.field(dayOfWeek))), nthTexts(e.calendar.nth)),
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
	return sortedList(texts)
}

func nthTexts(list []cron.DowConstraint) string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = fmt.Sprintf("%d#%d", c.Weekday, c.N)
		if c.N < 0 {
			texts[i] = fmt.Sprintf("%dL", c.Weekday)
		}
	}
	return sortedList(texts)
}

func sortedList(texts []string) string {
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ",")
}
