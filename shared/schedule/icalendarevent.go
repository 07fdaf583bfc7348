package schedule

import (
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-ical"
)

// event is one event as far as it makes windows.
type event struct {
	ical.Event
	zone      *zone
	start     moment
	end       int64
	wholeDays bool
}

func openEvent(e ical.Event, replaced map[string]instants, to *windows, in scope) error {
	if status, err := e.Status(); err != nil || status == ical.EventCancelled {
		return err
	}
	one, err := readEvent(e, in.zone)
	if err != nil || one.start.at == one.end {
		return err
	}
	starts, err := one.starts(replaced[uidOf(e)], in.effort)
	if err != nil {
		return err
	}
	opens := newRecurringWindow(starts, one.end-one.start.at, nil)
	if one.wholeDays {
		opens = newRecurringWindow(starts, one.zone.civil(one.end)-one.start.civil, one.zone)
	}
	windows := opens.expand()
	to.add(windows)
	if err := in.effort.spend(len(windows.fixed) / windowsPerUnit); err != nil {
		return err
	}
	switch {
	case len(to.fixed) > maxWindows:
		return fmt.Errorf("its windows make more than %d in all", maxWindows)
	case len(to.recurring) > maxRecurring: // said at once: each costs time to read
		return fmt.Errorf("it has more than %d events that recur for long", maxRecurring)
	}
	return nil
}

// expand returns single windows where they are few enough.
func (r recurringWindow) expand() windows {
	var fixed []window
	for at, ok := r.rule.next(0); ok; at, ok = r.rule.next(at + 1) {
		if len(fixed) == maxExpanded {
			return windows{recurring: []recurringWindow{r}}
		}
		fixed = append(fixed, r.from(at))
	}
	return windows{fixed: fixed}
}

func readEvent(e ical.Event, fallback *zone) (out event, err error) {
	start := e.Props.Get(ical.PropDateTimeStart)
	if start == nil {
		return out, errors.New("has no DTSTART")
	}
	out = event{Event: e, wholeDays: isDate(start.Value)}
	if out.zone, out.start, err = timeOfProp(start, fallback); err != nil {
		return out, err
	}
	out.end, err = out.readEnd()
	if err == nil && out.end < out.start.at {
		err = errors.New("ends before it begins")
	}
	return out, err
}

func (e event) readEnd() (int64, error) {
	if end := e.Props.Get(ical.PropDateTimeEnd); end != nil {
		_, at, err := timeOfProp(end, e.zone)
		return at.at, err
	}
	if length := e.Props.Get(ical.PropDuration); length != nil {
		d, err := length.Duration()
		return e.start.at + int64(d/time.Second), err
	}
	if e.wholeDays {
		return e.zone.instant(e.start.civil + secondsPerDay), nil
	}
	return e.start.at, nil
}

// starts returns the instants at which the event begins, but for those of its
// instances that other events of the file replace.
func (e event) starts(replaced instants, effort *effort) (*recurrence, error) {
	r := &recurrence{inner: instants{e.start.at}, zone: e.zone, start: e.start, until: endInstant}
	if rules := e.Props[ical.PropRecurrenceRule]; len(rules) > 0 {
		if err := effort.spend(unitsPerRule + len(rules[0].Value)/lettersPerUnit); err != nil {
			return nil, err
		}
		option, err := readOption(rules[0].Value, e.zone)
		if err != nil {
			return nil, err
		}
		if r, err = newRecurrence(option, e.start, scope{zone: e.zone, dst: defaultDST, effort: effort}); err != nil {
			return nil, err
		}
	}
	except := dateLines(e.Props[ical.PropExceptionDates])
	if err := effort.spend(len(replaced)); err != nil {
		return nil, err
	}
	if err := r.amendBy(dateLines(e.Props[ical.PropRecurrenceDates]), except, replaced); err != nil || e.wholeDays {
		return r, err
	}
	return r, r.checkDates(except)
}

// timeOfProp reads a property that holds one time, and the zone it names.
func timeOfProp(p *ical.Prop, z *zone) (*zone, moment, error) {
	if name := p.Params.Get(ical.ParamTimezoneID); name != "" {
		var err error
		if z, err = loadZone(name); err != nil {
			return nil, moment{}, err
		}
	}
	at, err := readMoment(p.Value, z)
	return z, at, err
}

// dateLines writes properties as the lines of a recurrence rule.
func dateLines(props []ical.Prop) []string {
	lines := make([]string, len(props))
	for i, p := range props {
		lines[i] = p.Value
		if name := p.Params.Get(ical.ParamTimezoneID); name != "" {
			lines[i] = "TZID=" + name + ":" + p.Value
		}
	}
	return lines
}
