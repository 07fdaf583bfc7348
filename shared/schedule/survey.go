package schedule

import (
	"slices"

	"github.com/carillon-cron/carillon/shared/fault"
)

const (
	// maxSteps is what a search among blackouts may take, less than 50 µs.
	maxSteps = 600
	// maxSurvey bounds the steps of a survey, which take a few milliseconds.
	maxSurvey = 50_000
	// cycle is 28 years, after which every date is the same weekday again.
	cycle = (28*365 + 7) * secondsPerDay
)

// survey makes sure that every search among blackouts is short, and that there
// is a fire at all. It searches from instants so close together that little
// can lie between two of them. Windows that are long to walk, and stretches that
// are long to search because windows swallow all fires, are remembered, so that
// a later search passes them in one step. What is too much to survey is refused:
// to give up later would end a job in silence.
//
// The calendar repeats itself every 28 years, but for centuries. Where the spec
// does too, and none of these years is long to search, others need no survey.
func (s *Schedule) survey() error {
	b := s.blackouts
	if _, ok := s.next(s.start); !ok && len(b.skip.recurring)+len(b.hold.recurring) == 0 {
		return s.neverFires()
	}
	left := maxSurvey
	if !s.searchable() {
		const apart = 4 * 365 * secondsPerDay
		for at := s.start; at < s.end; at += apart {
			s.lengthen(&b.skip, at, &left)
			s.lengthen(&b.hold, at, &left)
		}
		since, steady := s.steady()
		if !steady || !s.surveyed(since, since+cycle, &left) || len(s.blackouts.silences) > 0 {
			s.blackouts.silences = nil
			steady = false
		}
		if !steady && left > 0 {
			s.surveyed(s.start, s.end, &left)
		}
		if left <= 0 {
			return fault.Faults{{Field: "blackouts", Message: "swallow fires in too many windows in a row, or have too many windows to be searched; " +
				"let windows touch each other, make them fewer or longer, name those months in the rule itself, or bound the schedule by start and end"}}
		}
	}
	if _, ok := s.next(s.start); !ok {
		return s.neverFires()
	}
	return nil
}

// searchable reports whether a search is short whatever it meets.
func (s *Schedule) searchable() bool {
	b := s.blackouts
	return len(b.skip.recurring)+len(b.hold.recurring) == 0 && len(b.skip.fixed)+len(b.hold.fixed) <= maxSteps/16
}

// surveyed surveys a time, unless it runs out of steps.
func (s *Schedule) surveyed(from, to int64, left *int) bool {
	b, stride := s.blackouts, s.stride()
	for to = min(to, s.end); from < to; from += stride {
		look := search{Schedule: s, most: *left}
		f, ok := look.next(from)
		if *left -= look.steps; *left <= 0 {
			return false
		}
		if !ok {
			f.at = endInstant
		}
		if look.steps > maxSteps/4 {
			s.blackouts.silences = append(s.blackouts.silences, window{from, f.at})
			for _, at := range [...]int64{from, f.at - 1} {
				s.lengthen(&b.skip, at, left)
				s.lengthen(&b.hold, at, left)
			}
		}
		from = f.at
	}
	return true
}

func (s *Schedule) neverFires() error {
	reason := "never fires: clock changes that dst.gap skips, or start and end, leave nothing of it"
	if len(s.blackouts.entries) > 0 {
		reason = "never fires: its blackouts leave nothing of it"
	}
	return fault.Faults{{Message: reason}}
}

// lengthen remembers the windows that hold the instant, as one, if they are long to walk.
func (s *Schedule) lengthen(w *windows, instant int64, left *int) {
	look := search{Schedule: s, most: max(*left, 1)}
	start, end := look.startOf(w, instant, instant), look.endOf(w, instant)
	*left -= look.steps
	place, known := slices.BinarySearchFunc(w.long, start, compareStart)
	if look.steps > maxSteps/8 && start < end && !look.over() && !known {
		w.long = slices.Insert(w.long, place, window{start, end})
	}
}

// stride returns a time in which a search passes so few windows that it takes
// half of its steps at most.
func (s *Schedule) stride() int64 {
	skip, hold := &s.blackouts.skip, &s.blackouts.hold
	perDay := min(skip.rowsPerDay()+hold.rowsPerDay(), s.firesPerDay())
	visits := int64(maxSteps / 2 / (s.cost + 2*len(skip.recurring) + 2*len(hold.recurring) + 1))
	stride := max(visits*secondsPerDay/int64(max(perDay, 1)), 1)
	for stride > secondsPerHour && max(crowd(skip.fixed, stride), crowd(hold.fixed, stride)) > visits &&
		int64(s.firesPerDay())*stride/secondsPerDay > visits {
		stride /= 2
	}
	return stride
}

func (s *Schedule) firesPerDay() (n int) {
	for _, r := range s.rules {
		n += r.rowsPerDay(reach{block: 1})
	}
	return n
}

func (w *windows) rowsPerDay() (n int) {
	for _, r := range w.recurring {
		n += r.rule.rowsPerDay(r.reach)
	}
	return n
}

// crowd returns how many windows begin within a stride at most.
func crowd(list []window, stride int64) (most int64) {
	first := 0
	for i, w := range list {
		for w.start-list[first].start > stride {
			first++
		}
		most = max(most, int64(i-first+1))
	}
	return most
}

// steady returns from when on everything repeats itself every 28 years.
func (s *Schedule) steady() (since int64, ok bool) {
	since = s.start
	for _, r := range s.rules {
		from, ok := r.steady()
		if !ok {
			return 0, false
		}
		since = max(since, from)
	}
	for _, w := range [...]*windows{&s.blackouts.skip, &s.blackouts.hold} {
		if len(w.fixed) > maxSteps/16 {
			return 0, false
		}
		for _, r := range w.recurring {
			from, ok := r.rule.steady()
			if !ok {
				return 0, false
			}
			since = max(since, from)
		}
	}
	return since, true
}
