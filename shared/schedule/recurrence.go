package schedule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/teambition/rrule-go"
)

// recurrence is an iCalendar recurrence rule (RFC 5545, 3.3.10).
//
// rrule-go reads its text. Its fire times are ours, because a search from
// DTSTART on takes ever longer, and a hostile rule forever: a rule becomes a
// pattern, or an interval on chosen days, and is searched like any other.
type recurrence struct {
	inner       rows
	zone        *zone
	dst         DST
	option      *rrule.ROption
	pattern     *pattern
	start       moment // DTSTART
	from, until int64
	except      instants // those that exclude a fire
	idle        instants // those that exclude nothing
	include     instants
	holes       windows // from an excluded fire to the next one that is not
}

// newRecurrence completes the option.
func newRecurrence(option *rrule.ROption, start moment, in scope) (*recurrence, error) {
	if err := checkOption(option); err != nil {
		return nil, err
	}
	complete(option, start.civil)
	p, days, err := rulePattern(option, start.civil)
	if err != nil {
		return nil, err
	}
	r := &recurrence{zone: in.zone, dst: in.dst, option: option, pattern: p, start: start, from: start.at, until: endInstant}
	if !option.Until.IsZero() {
		r.until = option.Until.Unix()
	}
	searched := *p
	if err := in.effort.spend(days.looks()/tabledPerUnit + searched.thin(days.cyclic())/thinnedPerUnit); err != nil {
		return nil, err
	}
	if option.Freq < rrule.HOURLY {
		r.inner = newWall(&searched, in.zone, in.dst)
		return r, r.bound(in.effort)
	}
	unit := [...]int{rrule.HOURLY: secondsPerHour, rrule.MINUTELY: secondsPerMinute, rrule.SECONDLY: 1}[option.Freq]
	r.dst = elapsed
	r.inner = &paced{interval{r.from, int64(option.Interval * unit)}, &searched, in.zone}
	return r, r.bound(in.effort)
}

// bound turns COUNT into an end, and refuses a rule without a fire.
func (r *recurrence) bound(e *effort) error {
	at, ok := r.inner.next(r.from)
	if !ok || at > r.until {
		return errors.New("never fires: no day matches it")
	}
	if err := e.spend(r.option.Count); err != nil {
		return fmt.Errorf("COUNT: %w; use UNTIL", err)
	}
	for range r.option.Count - 1 {
		if at, ok = r.inner.next(at + 1); !ok {
			return nil
		}
	}
	if r.option.Count > 0 {
		r.until = min(r.until, at)
	}
	return nil
}

func (r *recurrence) next(instant int64) (int64, bool) {
	found, ok := r.inner.next(max(instant, r.from))
	if hole, in := heldBy(r.holes.fixed, found); ok && in {
		found, ok = r.inner.next(hole.end)
	}
	ok = ok && found <= r.until
	if more, any := r.include.next(instant); any && (!ok || more < found) {
		return more, true
	}
	return found, ok
}

func (r *recurrence) prev(instant int64) (int64, bool) {
	found, ok := r.inner.prev(min(instant, r.until))
	if hole, in := heldBy(r.holes.fixed, found); ok && in {
		found, ok = r.inner.prev(hole.start - 1)
	}
	ok = ok && found >= r.from
	if more, any := r.include.prev(instant); any && (!ok || more > found) {
		return more, true
	}
	return found, ok
}

// String returns "rrule FREQ=… from …" with all that decides when it fires.
func (r *recurrence) String() string {
	text := "rrule " + r.option.RRuleString() + " from " + civilText(r.start.civil)
	if r.from != r.zone.instant(r.start.civil) { // the second copy of a repeated time
		text += "=" + timeText(r.from)
	}
	text += " " + r.zone.name
	if r.option.Freq < rrule.HOURLY {
		text += dstText(r.dst)
	}
	return text + listText(" except ", r.except) + listText(" and ", r.include)
}

func listText(label string, list instants) string {
	if len(list) == 0 {
		return ""
	}
	texts := make([]string, len(list))
	for i, at := range list {
		texts[i] = timeText(at)
	}
	return label + strings.Join(texts, ",")
}

// paced is an interval that fires on chosen days only; the time of day in the
// pattern plays no part.
type paced struct {
	interval
	days *pattern
	zone *zone
}

func (p *paced) next(instant int64) (int64, bool) {
	for {
		found, ok := p.interval.next(instant)
		if !ok {
			return never, false
		}
		today, _ := split(p.zone.civil(found))
		chosen, ok := p.days.next(midnight(today))
		if !ok || chosen < midnight(today+1) {
			return found, ok
		}
		instant = p.zone.instant(chosen)
	}
}

func (p *paced) prev(instant int64) (int64, bool) {
	for {
		found, ok := p.interval.prev(instant)
		if !ok {
			return never, false
		}
		today, _ := split(p.zone.civil(found))
		chosen, ok := p.days.prev(midnight(today))
		if !ok || chosen == midnight(today) {
			return found, ok
		}
		instant = p.zone.instant(chosen+secondsPerDay) - 1
	}
}
