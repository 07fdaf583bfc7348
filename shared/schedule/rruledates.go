package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// amendBy amends a rule by the values of RDATE and EXDATE lines, and takes out
// the instants that other events of a calendar replace.
func (r *recurrence) amendBy(include, except []string, replaced instants) error {
	added, err := datesOf(include, r.zone)
	if err != nil {
		return err
	}
	removed, err := datesOf(except, r.zone)
	if err != nil {
		return err
	}
	r.amend(added, sorted(slices.Concat(removed, replaced)))
	return nil
}

// checkDates refuses an EXDATE that is a date and excludes nothing, although
// the rule counts from a time of day: it means the day's fire and misses it.
func (r *recurrence) checkDates(except []string) error {
	for _, value := range valuesOf(except) {
		if at, _ := readMoment(value, r.zone); isDate(value) && r.idle.has(at.at) {
			date := lastPart(value)
			return fmt.Errorf("EXDATE %s is a date and excludes nothing, because the rule has a time of day; write for example %sT%s",
				date, date, time.Unix(r.start.civil, 0).UTC().Format("150405"))
		}
	}
	return nil
}

// datesOf reads the values of EXDATE or RDATE lines, sorted.
func datesOf(lines []string, z *zone) (out instants, err error) {
	for _, value := range valuesOf(lines) {
		one, err := readMoment(value, z)
		if err != nil {
			return nil, err
		}
		out = append(out, one.at)
	}
	if len(out) > maxDates {
		return nil, fmt.Errorf("has %d dates, but %d at most are allowed", len(out), maxDates)
	}
	return sorted(out), nil
}

// valuesOf takes lists apart and gives each value the parameters of its line.
func valuesOf(lines []string) (out []string) {
	for _, line := range lines {
		parameters, values, found := strings.Cut(line, ":")
		if !found {
			parameters, values = "", line
		}
		for value := range strings.SplitSeq(values, ",") {
			out = append(out, parameters+":"+value)
		}
	}
	return out
}

// amend adds single instants to the rule, and takes some out: of the rule and
// of those added. Both lists are sorted. Fires in a row that are out become one
// hole, so that a search passes all of them at once.
func (r *recurrence) amend(include, except instants) {
	for _, at := range except {
		found, ok := r.inner.next(at)
		switch {
		case ok && found == at && at >= r.from && at <= r.until:
			r.dig(at)
			r.except = append(r.except, at)
		case include.has(at):
		default:
			r.idle = append(r.idle, at)
		}
	}
	for _, at := range include {
		if !except.has(at) {
			r.include = append(r.include, at)
		}
	}
}

// dig makes a hole of an excluded fire, or makes the last hole longer.
func (r *recurrence) dig(at int64) {
	end, ok := r.inner.next(at + 1)
	if !ok {
		end = endInstant
	}
	if last := len(r.holes.fixed) - 1; last >= 0 && r.holes.fixed[last].end == at {
		r.holes.fixed[last].end = end
		return
	}
	r.holes.fixed = append(r.holes.fixed, window{at, end})
}
