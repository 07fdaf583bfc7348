package schedule

import (
	"fmt"
	"slices"
	"time"
)

// notes collects warnings about the fires from one instant (inclusive) to
// another (exclusive).
type notes struct {
	from, to int64
	lines    []string
}

func (n *notes) add(format string, args ...any) {
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

// Warnings says what about the schedule may surprise its owner: the dates of
// the year after from on which a change of the clocks or the calendar moves,
// drops or repeats a fire, steps that do not come out even, and fields whose
// combination means something else than it seems to.
func (s *Schedule) Warnings(from time.Time) []string {
	start := max(min(ceil(from), endInstant), s.start)
	year := start + 365*secondsPerDay
	n := &notes{from: start, to: min(year, s.end)}
	for _, r := range s.rules {
		r.warn(n)
	}
	s.blackouts.warn(s, n)
	switch f, ok := s.next(start); {
	case !ok:
		n.add("It does not fire after %s.", momentWords(start, s.zone))
	case f.at >= year:
		n.add("It does not fire before %s.", momentWords(f.at, s.zone))
	case s.end < year:
		last, _ := s.prev(s.end)
		n.add("It fires for the last time on %s.", momentWords(last.at, s.zone))
	}
	return n.lines
}

// warn counts the windows in which fires are due.
func (b *blackouts) warn(s *Schedule, n *notes) {
	for _, side := range []struct {
		windows *windows
		does    string
	}{{&b.skip, "skip"}, {&b.hold, "defer"}} {
		hit, first := side.windows.count(s, n)
		if hit > 0 {
			n.add("Blackouts %s fires in %d window%s of the year to come, first on %s.",
				side.does, hit, plural(hit), dateText(s.zone.civil(first)))
		}
	}
}

// count counts the windows that begin between two instants and in which the
// schedule has a fire due.
func (w *windows) count(s *Schedule, n *notes) (hit int, first int64) {
	const most = 1000
	at := n.from
	for range most {
		next, ok := w.opening(at)
		if !ok || next.start >= n.to {
			break
		}
		if f, ok := s.due(next.start); ok && f.at < next.end {
			if hit++; hit == 1 {
				first = f.at
			}
		}
		at = next.start + 1
	}
	return hit, first
}

// opening returns the first window that does not begin before the instant.
func (w *windows) opening(instant int64) (first window, ok bool) {
	if i, _ := slices.BinarySearchFunc(w.fixed, instant, compareStart); i < len(w.fixed) {
		first, ok = w.fixed[i], true
	}
	for _, r := range w.recurring {
		if start, any := r.rule.next(instant); any && (!ok || start < first.start) {
			first, ok = r.from(start), true
		}
	}
	return first, ok
}
