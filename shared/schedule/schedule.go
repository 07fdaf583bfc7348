package schedule

import (
	"errors"
	"iter"
	"slices"
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
	until      int64 // the end that was asked for, which max_runs may bring forward
	runs       int   // max_runs
	blackouts  *blackouts
	cost       int  // of a search for one fire of the rules, in steps
	idleDST    bool // dst is given and means nothing
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
	last := min(max(before.Unix(), 0), endInstant)
	if before.Unix() < 0 || before.Nanosecond() == 0 {
		last--
	}
	f, ok := s.prev(last)
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

// Zone returns the time zone that the schedule is said in: that of the spec or,
// where it names none, the one that all its rules name; UTC otherwise. Its data
// are the machine's or, where it has none, the program's.
func (s *Schedule) Zone() *time.Location { return s.zone.location }

// next returns the first fire that is not before the instant.
func (s *Schedule) next(instant int64) (fire, bool) {
	if len(s.blackouts.entries) == 0 {
		return s.due(instant)
	}
	look := search{Schedule: s}
	return look.next(instant)
}

// prev returns the last fire that is not after the instant.
func (s *Schedule) prev(instant int64) (fire, bool) {
	look := search{Schedule: s}
	return look.prev(min(instant, s.end-1))
}

// due returns the first fire that is not before the instant, blackouts aside.
func (s *Schedule) due(instant int64) (fire, bool) {
	f, ok := s.spread.next(s.source, max(instant, s.start))
	return f, ok && f.at < s.end
}

// limit ends the schedule after its first n fires.
func (s *Schedule) limit(n int) error {
	s.runs = n
	look := search{Schedule: s, most: maxCounting}
	f, ok := look.next(s.start)
	for ; ok && n > 1; n-- {
		f, ok = look.next(f.at + 1)
	}
	if look.over() {
		return errors.New("takes too long to count among these rules and blackouts; use an end")
	}
	if ok {
		s.end = f.at + 1
	}
	return nil
}

// String returns the canonical text of the schedule. Schedules with equal texts
// fire at equal instants.
func (s *Schedule) String() string {
	rules := make([]string, len(s.rules))
	for i, r := range s.rules {
		rules[i] = r.String()
	}
	slices.Sort(rules)
	text := strings.Join(slices.Compact(rules), " | ") + s.spread.String()
	if s.start > 0 {
		text += " start=" + timeText(s.start)
	}
	if s.end < endInstant {
		text += " end=" + timeText(s.end)
	}
	return text + s.blackouts.String()
}

func timeOf(unix int64, ok bool) (time.Time, bool) {
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(unix, 0).UTC(), true
}
