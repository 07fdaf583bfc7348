package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
)

const (
	maxBlackouts = 16
	// maxRecurring bounds the window rules that a fire is held against.
	maxRecurring  = 4
	maxDateRanges = 1000
	// maxWindows bounds the single windows of a spec, and so the time that
	// their calendars take to read.
	maxWindows = 20_000
)

// blackout is one entry of Spec.Blackouts.
type blackout struct {
	windows
	defers bool
	words  string
}

// blackouts are all entries of a spec, and their windows sorted by what
// becomes of a fire in them.
type blackouts struct {
	entries    []blackout
	skip, hold windows
	silences   []window // without a fire, and long to search; in order
}

// noBlackouts is what most schedules have. Nothing changes it.
var noBlackouts blackouts

// String returns the canonical text.
func (b *blackouts) String() (text string) {
	if skip := b.skip.String(); skip != "" {
		text = " skip(" + skip + ")"
	}
	if hold := b.hold.String(); hold != "" {
		text += " defer(" + hold + ")"
	}
	return text
}

func (s Spec) compileBlackouts(in scope, faults *fault.Faults) *blackouts {
	if len(s.Blackouts) == 0 {
		return &noBlackouts
	}
	out := &blackouts{}
	if len(s.Blackouts) > maxBlackouts {
		faults.Add("blackouts", "has %d entries, but %d at most are allowed", len(s.Blackouts), maxBlackouts)
		return out
	}
	for i, b := range s.Blackouts {
		entry, err := b.compile(in)
		faults.Nest(fmt.Sprintf("blackouts[%d]", i), err)
		out.entries = append(out.entries, entry)
		if entry.defers {
			out.hold.add(entry.windows)
		} else {
			out.skip.add(entry.windows)
		}
		if len(out.skip.fixed)+len(out.hold.fixed) > maxWindows {
			faults.Add("blackouts", "has more than %d windows", maxWindows)
			break
		}
	}
	out.skip.settle()
	out.hold.settle()
	if n := len(out.skip.recurring) + len(out.hold.recurring); n > maxRecurring {
		faults.Add("blackouts", "has %d recurring windows, but %d at most are allowed", n, maxRecurring)
	}
	return out
}

func (b Blackout) compile(in scope) (out blackout, err error) {
	var faults fault.Faults
	switch b.Policy {
	case "", BlackoutSkip:
	case BlackoutDefer:
		out.defers = true
	default:
		faults.Add("policy", "%s is neither \"skip\" nor \"defer\"", quote(string(b.Policy)))
	}
	switch kinds := b.kinds(); {
	case len(kinds) == 0:
		faults.Add("", "needs one of cron, dates and icalendar; for example \"dates\": [\"2026-12-25\"]")
	case len(kinds) > 1:
		faults.Add(kinds[1], "cannot stand beside %s; make it a blackout of its own", kinds[0])
	default:
		out.words, err = b.open(kinds[0], &out.windows, in)
		faults.Nest("", err)
	}
	return out, faults.Err()
}

func (b Blackout) kinds() (given []string) {
	if b.Cron != "" || b.Duration != 0 {
		given = append(given, "cron")
	}
	if len(b.Dates) > 0 {
		given = append(given, "dates")
	}
	if b.ICalendar != "" {
		given = append(given, "icalendar")
	}
	return given
}

// open adds the windows and says in words which they are.
func (b Blackout) open(kind string, to *windows, in scope) (words string, err error) {
	switch kind {
	case "cron":
		return b.openCron(to, in)
	case "dates":
		return b.openDates(to, in.zone)
	}
	return openCalendar(b.ICalendar, to, in)
}

func (b Blackout) openCron(to *windows, in scope) (string, error) {
	var faults fault.Faults
	if b.Duration < Duration(time.Second) || b.Duration > 366*Duration(day) {
		faults.Add("duration", "must be between \"1s\" and \"366d\"; for example \"6h\"")
	}
	in.opens = true
	opens, err := Rule{Cron: b.Cron}.compile(in)
	faults.Nest("", err)
	if len(faults) > 0 {
		return "", faults
	}
	to.add(windows{recurring: []recurringWindow{newRecurringWindow(opens.(*cronRule), int64(b.Duration/Duration(time.Second)), nil)}})
	return fmt.Sprintf("for %s from %s", spanWords(b.Duration), opens.describe()), nil
}

func (b Blackout) openDates(to *windows, z *zone) (string, error) {
	if len(b.Dates) > maxDateRanges {
		return "", fault.Faults{{Field: "dates", Message: fmt.Sprintf("has more than %d entries", maxDateRanges)}}
	}
	var faults fault.Faults
	for i, text := range b.Dates {
		days, err := dateRange(text, z)
		faults.Nest(fmt.Sprintf("dates[%d]", i), err)
		to.add(windows{fixed: []window{days}})
	}
	return "on " + list(b.Dates), faults.Err()
}

// dateRange reads "2026-12-25" or "2026-12-24/2027-01-01".
func dateRange(text string, z *zone) (window, error) {
	from, to, found := strings.Cut(text, "/")
	if !found {
		to = from
	}
	first, err := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	if err != nil || err2 != nil {
		return window{}, fmt.Errorf("%s is not a date; write for example \"2026-12-25\" or \"2026-12-24/2027-01-01\"", quote(text))
	}
	if last.Before(first) {
		return window{}, errors.New("ends before it begins")
	}
	return window{z.instant(first.Unix()), z.instant(last.Unix() + secondsPerDay)}, nil
}
