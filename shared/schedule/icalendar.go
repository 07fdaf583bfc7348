package schedule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-ical"

	"github.com/carillon-cron/carillon/shared/fault"
)

const (
	maxCalendar = 256 << 10
	maxEvents   = 2000
	// An event that recurs no more often is kept as single windows.
	maxExpanded = 500
)

// openCalendar adds the events of an iCalendar file. Free or busy makes no
// difference, because calendars of holidays say "free"; cancelled events do not
// count. Times without a zone are on the clocks of the spec's.
func openCalendar(text string, to *windows, in scope) (string, error) {
	if len(text) > maxCalendar {
		return "", calendarFault(fmt.Errorf("is longer than %d KiB", maxCalendar>>10))
	}
	calendar, err := decode(text)
	if err != nil {
		return "", calendarFault(err)
	}
	events := calendar.Events()
	if len(events) > maxEvents {
		return "", calendarFault(fmt.Errorf("has more than %d events", maxEvents))
	}
	replaced, err := replacements(events, in.zone)
	if err != nil {
		return "", calendarFault(err)
	}
	for _, e := range events {
		if err := openEvent(e, replaced, to, in); err != nil {
			return "", calendarFault(fmt.Errorf("the event %s is wrong: %w", quote(nameOf(e)), err))
		}
	}
	return fmt.Sprintf("during the %d events of a calendar", len(events)), nil
}

// nameOf returns what an event is best known by.
func nameOf(e ical.Event) string {
	if summary := e.Props.Get(ical.PropSummary); summary != nil {
		return summary.Value
	}
	return uidOf(e)
}

// decode reads iCalendar text. go-ical panics on some lines that end early.
func decode(text string) (calendar *ical.Calendar, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("is not iCalendar text: a line ends early")
		}
	}()
	calendar, err = ical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		err = fmt.Errorf("is not iCalendar text: %w", err)
	}
	return calendar, err
}

func calendarFault(err error) error {
	var faults fault.Faults
	faults.Nest("icalendar", err)
	return faults.Err()
}

// replacements returns the instances that an event with RECURRENCE-ID replaces,
// by the UID that both share.
func replacements(events []ical.Event, z *zone) (map[string]instants, error) {
	out := map[string]instants{}
	for _, e := range events {
		if id := e.Props.Get(ical.PropRecurrenceID); id != nil {
			_, at, err := timeOfProp(id, z)
			if err != nil {
				return nil, err
			}
			out[uidOf(e)] = append(out[uidOf(e)], at.at)
		}
	}
	return out, nil
}

func uidOf(e ical.Event) string {
	if uid := e.Props.Get(ical.PropUID); uid != nil {
		return uid.Value
	}
	return ""
}
