package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	maxRRule = 1024
	// maxCount bounds COUNT and the lists of dates, which are walked once.
	maxCount = 10_000
	maxDates = 200
)

// ruleText is the text of a recurrence rule, line by line.
type ruleText struct {
	rule    string
	start   string
	except  []string
	include []string
}

// cutRRule takes a rule apart into its lines: a bare rule ("FREQ=…"), or lines
// with names (RRULE, DTSTART, EXDATE, RDATE).
func cutRRule(text string) (t ruleText, err error) {
	if len(text) > maxRRule {
		return t, fmt.Errorf("is longer than %d characters", maxRRule)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, rest := line, ""
		if i := strings.IndexAny(line, ":;="); i >= 0 {
			name, rest = line[:i], line[i+1:]
		}
		switch strings.ToUpper(name) {
		case "":
		case "RRULE":
			err = once(&t.rule, rest)
		case "FREQ":
			err = once(&t.rule, line)
		case "DTSTART":
			err = once(&t.start, rest)
		case "EXDATE":
			t.except = append(t.except, rest)
		case "RDATE":
			t.include = append(t.include, rest)
		default:
			err = fmt.Errorf("the line %s is not understood; use RRULE, DTSTART, EXDATE and RDATE", quote(line))
		}
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

func once(place *string, value string) error {
	if *place != "" {
		return errors.New("has two rules or two DTSTART lines; several rules go into any_of")
	}
	*place = value
	return nil
}

// zoneOfRRule returns the TZID of the DTSTART line, if there is one.
func zoneOfRRule(text string) string {
	t, _ := cutRRule(text)
	return tzid(t.start)
}

// tzid returns the time zone among the parameters of "TZID=Europe/Berlin:2027…".
func tzid(value string) string {
	parameters, _, found := strings.Cut(value, ":")
	if found {
		for p := range strings.SplitSeq(parameters, ";") {
			if name, value, _ := strings.Cut(p, "="); strings.EqualFold(name, "TZID") {
				return value
			}
		}
	}
	return ""
}

// compileRRule reads a rule that counts from its DTSTART line or from anchor.
func compileRRule(text string, anchor *time.Time, in scope) (rule, error) {
	lines, err := cutRRule(text)
	if err != nil {
		return nil, err
	}
	if lines.start != "" && anchor != nil {
		return nil, errors.New("has a DTSTART line, so that an anchor has no meaning for it")
	}
	start, err := startOf(lines.start, anchor, in.zone)
	if err != nil {
		return nil, err
	}
	option, err := readOption(lines.rule, in.zone)
	if err != nil {
		return nil, err
	}
	out, err := newRecurrence(option, start, in)
	if err != nil {
		return nil, err
	}
	if out.except, err = datesOf(lines.except, in.zone); err != nil {
		return nil, err
	}
	if out.include, err = datesOf(lines.include, in.zone); err != nil {
		return nil, err
	}
	return out, nil
}

// startOf returns the civil time that a rule counts from.
func startOf(line string, anchor *time.Time, z *zone) (int64, error) {
	if line != "" {
		at, err := instantOf(line, z)
		return z.civil(at), err
	}
	if anchor == nil {
		return 0, errors.New("needs a DTSTART line or an anchor to count from; for example \"DTSTART:20270104T090000\\nRRULE:FREQ=WEEKLY;BYDAY=MO,FR\"")
	}
	return z.civil(ceil(*anchor)), nil
}

// datesOf reads the values of EXDATE or RDATE lines, sorted.
func datesOf(lines []string, z *zone) (out instants, err error) {
	for _, line := range lines {
		parameters, values, found := strings.Cut(line, ":")
		if !found {
			parameters, values = "", line
		}
		for value := range strings.SplitSeq(values, ",") {
			at, err := instantOf(parameters+":"+value, z)
			if err != nil {
				return nil, err
			}
			out = append(out, at)
		}
	}
	if len(out) > maxDates {
		return nil, fmt.Errorf("has %d dates, but %d at most are allowed", len(out), maxDates)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// instantOf reads "20270104T090000" on the clocks of a zone,
// "TZID=Europe/Berlin:20270104T090000", "20270104T080000Z" or "20270104".
func instantOf(value string, z *zone) (int64, error) {
	if name := tzid(value); name != "" {
		var err error
		if z, err = loadZone(name); err != nil {
			return 0, err
		}
	}
	text := value[strings.LastIndex(value, ":")+1:]
	if at, err := time.Parse("20060102T150405Z", text); err == nil {
		return at.Unix(), nil
	}
	for _, layout := range []string{"20060102T150405", "20060102"} {
		if at, err := time.Parse(layout, text); err == nil {
			return z.instant(at.Unix()), nil
		}
	}
	return 0, fmt.Errorf("%s is not a time; write for example \"20270104T090000\"", quote(text))
}
