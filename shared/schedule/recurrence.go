package schedule

import (
	"errors"
	"strings"

	"github.com/teambition/rrule-go"
)

// recurrence is an iCalendar recurrence rule (RFC 5545, 3.3.10).
//
// rrule-go reads its text. Its fire times are ours, because a search from
// DTSTART on takes ever longer, and a hostile rule forever: a rule becomes a
// pattern, or an interval on chosen days, and is searched like any other.
type recurrence struct {
	inner       source
	zone        *zone
	dst         DST
	option      *rrule.ROption
	pattern     *pattern
	start       int64 // civil time of DTSTART
	from, until int64
	except      instants
	include     instants
}

// newRecurrence completes the option.
func newRecurrence(option *rrule.ROption, start int64, in scope) (*recurrence, error) {
	if err := checkOption(option); err != nil {
		return nil, err
	}
	complete(option, start)
	p, err := rulePattern(option, start)
	if err != nil {
		return nil, err
	}
	r := &recurrence{zone: in.zone, dst: in.dst, option: option, pattern: p, start: start,
		from: in.zone.instant(start), until: endInstant}
	if !option.Until.IsZero() {
		r.until = option.Until.Unix()
	}
	if option.Freq < rrule.HOURLY {
		r.inner = &wall{p, in.zone, in.dst}
		return r, r.bound()
	}
	unit := [...]int{rrule.HOURLY: secondsPerHour, rrule.MINUTELY: secondsPerMinute, rrule.SECONDLY: 1}[option.Freq]
	r.inner = &paced{interval{r.from, int64(option.Interval * unit)}, p, in.zone}
	return r, r.bound()
}

// bound turns COUNT into an end, and refuses a rule without a fire.
func (r *recurrence) bound() error {
	at, ok := r.inner.next(r.from)
	if !ok || at > r.until {
		return errors.New("never fires: no day matches it")
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
	for ok && r.except.has(found) {
		found, ok = r.inner.next(found + 1)
	}
	ok = ok && found <= r.until
	if more, any := r.include.next(instant); any && !r.except.has(more) && (!ok || more < found) {
		return more, true
	}
	return found, ok
}

func (r *recurrence) prev(instant int64) (int64, bool) {
	found, ok := r.inner.prev(min(instant, r.until))
	for ok && r.except.has(found) {
		found, ok = r.inner.prev(found - 1)
	}
	ok = ok && found >= r.from
	if more, any := r.include.prev(instant); any && !r.except.has(more) && (!ok || more > found) {
		return more, true
	}
	return found, ok
}

// String returns "rrule FREQ=… from …" with all that decides when it fires.
func (r *recurrence) String() string {
	text := "rrule " + r.option.RRuleString() + " from " + civilText(r.start) + " " + r.zone.name + dstText(r.dst)
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
