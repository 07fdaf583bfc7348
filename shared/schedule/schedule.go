package schedule

import (
	"iter"
	"strings"
	"time"
)

// Schedule is a compiled [Spec]: the instants at which a job fires. It is
// immutable and safe for concurrent use. All its instants are whole seconds in
// UTC, from 1970 to 2199.
type Schedule struct {
	rules      []rule
	source     source // of the rules' nominal instants
	zone       *zone
	spread     spread
	start, end int64
	blackouts  blackouts
}

// Next returns the first fire strictly after an instant. False means that the
// schedule never fires again.
func (s *Schedule) Next(after time.Time) (time.Time, bool) {
	f, ok := s.next(max(min(after.Unix(), endInstant)+1, 0))
	return timeOf(f.at, ok)
}

// Prev returns the last fire strictly before an instant. False means that
// there is none.
func (s *Schedule) Prev(before time.Time) (time.Time, bool) {
	f, ok := s.prev(ceil(before) - 1)
	return timeOf(f.at, ok)
}

// Between yields the fires from one instant (inclusive) to another (exclusive),
// in order.
func (s *Schedule) Between(from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		at, ok := s.Next(from.Add(-1))
		for ok && at.Before(to) && yield(at) {
			at, ok = s.Next(at)
		}
	}
}

// Nominal returns the instant that the rule gave for a fire, before the spread
// and a blackout that defers moved it. Where several fires became one, it is
// the first of theirs. False means that the schedule does not fire then.
func (s *Schedule) Nominal(at time.Time) (time.Time, bool) {
	f, ok := s.next(at.Unix())
	return timeOf(f.nominal, ok && time.Unix(f.at, 0).Equal(at))
}

// String returns the canonical text of the schedule. Schedules with equal texts
// fire at equal instants.
func (s *Schedule) String() string {
	var text strings.Builder
	for i, r := range s.rules {
		if i > 0 {
			text.WriteString(" | ")
		}
		text.WriteString(r.String())
	}
	text.WriteString(s.spread.String())
	if s.start > 0 {
		text.WriteString(" start=" + timeText(s.start))
	}
	if s.end < endInstant {
		text.WriteString(" end=" + timeText(s.end))
	}
	text.WriteString(s.blackouts.String())
	return text.String()
}

func timeOf(unix int64, ok bool) (time.Time, bool) {
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(unix, 0).UTC(), true
}
