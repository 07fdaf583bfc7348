package schedule

import (
	"errors"
	"fmt"
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
	if err := out.amendBy(lines.include, lines.except, nil); err != nil || isDate(lines.start) {
		return out, err
	}
	return out, out.checkDates(lines.except)
}

// startOf returns the time that a rule counts from.
func startOf(line string, anchor *time.Time, z *zone) (moment, error) {
	if line != "" {
		return readMoment(line, z)
	}
	if anchor == nil {
		return moment{}, errors.New("needs a DTSTART line or an anchor to count from; for example \"DTSTART:20270104T090000\\nRRULE:FREQ=WEEKLY;BYDAY=MO,FR\"")
	}
	at := ceil(*anchor)
	return moment{z.civil(at), at}, nil
}
