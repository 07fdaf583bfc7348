package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Describe says in plain words when the schedule fires: "every weekday at
// 02:30 Berlin time".
func (s *Schedule) Describe() string {
	rules := make([]string, len(s.rules))
	for i, r := range s.rules {
		rules[i] = r.describe()
	}
	return strings.Join(rules, "; and ") + s.refinements()
}

// refinements says what else the spec asks for.
func (s *Schedule) refinements() (text string) {
	if s.spread.percent > 0 {
		text += fmt.Sprintf(", %.1f%% of the interval later", float64(s.spread.of(1000*s.spread.percent))/1000)
	}
	if delay := s.spread.of(s.spread.span); delay > 0 {
		text += ", " + secondsText(delay) + " later"
	}
	if s.start > 0 {
		text += ", from " + s.momentWords(s.start)
	}
	if s.until < endInstant {
		text += ", until " + s.momentWords(s.until)
	}
	if s.runs > 0 {
		text += fmt.Sprintf(", %d time%s at most", s.runs, plural(s.runs))
	}
	for _, b := range s.blackouts.entries {
		if b.defers {
			text += ", held back " + b.words
		} else {
			text += ", except " + b.words
		}
	}
	return text
}

func (s *Schedule) momentWords(instant int64) string { return momentWords(instant, s.zone) }

// momentWords returns "2026-03-29 02:30 Berlin time".
func momentWords(instant int64, z *zone) string {
	civil := z.civil(instant)
	return dateText(civil) + " " + clockText(civil) + " " + z.words()
}

func (e every) describe() string {
	text := "every " + strings.TrimPrefix(spanWords(Duration(time.Duration(e.step)*time.Second)), "1 ")
	if e.anchor != 0 {
		text += ", counted from " + momentWords(e.anchor, e.zone)
	}
	return text
}

func (a at) describe() string { return "once, on " + momentWords(a.instant, a.zone) }

func (c *cronRule) describe() string {
	times, listed := c.pattern.timeWords()
	days, years := c.expr.dayWords(listed), c.expr.inYears()
	switch {
	case listed:
		return days + " at " + times + " " + c.zone.words() + years
	case days+years == "" && c.pattern.hour == fields[hour].all():
		return times
	}
	return strings.TrimSpace(times+" "+days) + ", " + c.zone.words() + years
}
