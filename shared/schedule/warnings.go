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
	if s.idleDST {
		n.add("The policy in dst has no effect: where the hour begins with a star, and for intervals, hourly rules and single instants, a schedule means elapsed time.")
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

// maxCounted is how many windows warnings count.
const maxCounted = 1000

// warn counts the windows in which fires are due. Windows that touch are one.
func (b *blackouts) warn(s *Schedule, n *notes) {
	for _, side := range []struct {
		windows *windows
		does    string
		due     func(s *Schedule, from, to int64) (int64, bool)
	}{{&b.skip, "skip", (*Schedule).dueIn}, {&b.hold, "defer", (*Schedule).deferredIn}} {
		hit, first := side.windows.count(s, n, side.due)
		number := fmt.Sprint(hit)
		if hit > maxCounted {
			number = fmt.Sprintf("more than %d", maxCounted)
		}
		if hit > 0 {
			n.add("Blackouts %s fires in %s window%s of the year to come, first on %s.",
				side.does, number, plural(hit), dateText(s.zone.civil(first)))
		}
	}
}

// count counts the windows between two instants in which the schedule has a
// fire due, the one that is open already among them.
func (w *windows) count(s *Schedule, n *notes, due func(*Schedule, int64, int64) (int64, bool)) (hit int, first int64) {
	look := search{Schedule: s}
	for at := n.from; at < n.to && hit <= maxCounted; {
		end := look.endOf(w, at)
		if f, ok := due(s, at, end); ok {
			if hit++; hit == 1 {
				first = f
			}
		}
		next, ok := w.opening(end)
		if !ok {
			break
		}
		at = next.start
	}
	return hit, first
}

// dueIn returns the first fire that is due in a stretch.
func (s *Schedule) dueIn(from, to int64) (int64, bool) {
	f, ok := s.due(from)
	return f.at, ok && f.at < to
}

// deferredIn returns the first fire that is due in a stretch and not skipped there.
func (s *Schedule) deferredIn(from, to int64) (int64, bool) {
	look := search{Schedule: s}
	for at, ok := s.dueIn(from, to); ok; at, ok = s.dueIn(from, to) {
		if from = look.endOf(&s.blackouts.skip, at); from == at {
			return at, true
		}
	}
	return 0, false
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
