package schedule

// maxSteps bounds one search among blackouts, so that no spec can take long. A
// step is one look for a fire of a rule or for a recurring window; fixed windows
// are next to free, and never touch, so that they end by themselves. Two steps
// pass a window, so this is enough for windows that swallow every fire of a
// daily job for a year, and takes less than 100 µs.
const maxSteps = 740

// search is one search for a fire.
type search struct {
	*Schedule
	left int // steps
}

// verdict is what blackouts make of a fire.
type verdict struct {
	at      int64  // when it fires, or the end of the window that skipped it
	first   window // the window that it fell into; empty if none
	skipped bool
}

// next returns the first fire that is not before the instant.
//
// Blackouts move fires to the right and keep their order, so the search begins
// with the earliest fire that may have been deferred to the instant or past it,
// and leaves every window that swallowed a fire at that window's end.
func (s *search) next(instant int64) (fire, bool) {
	from := instant
	for {
		w, ok := s.holding(&s.blackouts.hold, from-1)
		if !ok {
			break
		}
		from = w.start
	}
	for s.left > 0 {
		f, ok := s.due(from)
		if !ok {
			break
		}
		v := s.judge(f.at)
		if !v.skipped && v.at >= instant && s.left > 0 {
			return fire{f.nominal, v.at}, v.at < s.end
		}
		from = max(f.at+1, v.at)
		if v.skipped && s.cost > 1 {
			from = s.leave(from)
		}
	}
	return fire{}, false
}

// prev returns the last fire that is not after the instant. What else begins in
// the window of a fire that is no answer fares as that fire does.
func (s *search) prev(instant int64) (fire, bool) {
	to := instant
	for s.left > 0 {
		s.left -= s.cost
		f, ok := s.spread.prev(s.source, to)
		if !ok || f.at < s.start {
			break
		}
		v := s.judge(f.at)
		if !v.skipped && v.at <= instant && s.left > 0 {
			return fire{f.nominal, v.at}, true
		}
		to = v.first.start - 1
		if s.cost > 1 {
			to = s.enter(to)
		}
	}
	return fire{}, false
}

// due returns the first fire that is not before the instant, blackouts aside.
func (s *search) due(instant int64) (fire, bool) {
	s.left -= s.cost
	return s.Schedule.due(instant)
}

// holding is that of windows, at the cost of its steps. It finds nothing any
// more when none are left.
func (s *search) holding(w *windows, instant int64) (window, bool) {
	if s.left <= 0 {
		return window{}, false
	}
	s.left -= len(w.recurring)
	return w.holding(instant)
}

// judge moves a fire out of the windows that defer it until it is free or
// falls into one that skips it.
func (s *search) judge(at int64) verdict {
	v := verdict{at: at}
	for {
		if w, ok := s.holding(&s.blackouts.skip, v.at); ok {
			v.meet(w)
			v.at, v.skipped = w.end, true
			return v
		}
		w, ok := s.holding(&s.blackouts.hold, v.at)
		if !ok {
			return v
		}
		v.meet(w)
		v.at = w.end
	}
}

func (v *verdict) meet(w window) {
	if v.first == (window{}) {
		v.first = w
	}
}

// leave returns the first instant from one on that no window skips. It pays
// where a look at the rules costs more than one at the windows.
func (s *search) leave(instant int64) int64 {
	for {
		w, ok := s.holding(&s.blackouts.skip, instant)
		if !ok {
			return instant
		}
		instant = w.end
	}
}

// enter is leave backwards.
func (s *search) enter(instant int64) int64 {
	for {
		w, ok := s.holding(&s.blackouts.skip, instant)
		if !ok {
			return instant
		}
		instant = w.start - 1
	}
}
