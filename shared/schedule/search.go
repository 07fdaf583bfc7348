package schedule

// search is one search for a fire among blackouts. It goes from fire to fire
// over whole windows, so that a window costs the same whatever it swallows.
type search struct {
	*Schedule
	steps int // looks for a fire of a rule or at a recurring window so far
	most  int // gives up after so many; without bound if 0
}

// over reports whether the search has given up.
func (s *search) over() bool { return s.most > 0 && s.steps > s.most }

// next returns the first fire that is not before the instant.
//
// Blackouts move fires to the right and keep their order, so the search begins
// with the earliest fire that may have been deferred to the instant or past it.
func (s *search) next(instant int64) (fire, bool) {
	instant = s.afterSilence(instant)
	from := s.startOf(&s.blackouts.hold, instant-1, instant)
	for !s.over() {
		if later := s.afterSilence(from); from > instant && later > from {
			return s.next(later) // nothing before it was deferred past it
		}
		s.steps += s.cost
		f, ok := s.due(from)
		if !ok {
			break
		}
		if end := s.endOf(&s.blackouts.skip, f.at); end > f.at {
			from = end
			continue
		}
		at := s.endOf(&s.blackouts.hold, f.at)
		if at > f.at && s.endOf(&s.blackouts.skip, at) > at {
			from = at // all that the window defers is skipped at its end
			continue
		}
		return fire{f.nominal, at}, at < s.end && !s.over()
	}
	return fire{}, false
}

// prev returns the last fire that is not after the instant. Of fires that were
// deferred it does not find the first, so its nominal instant means nothing.
func (s *search) prev(instant int64) (fire, bool) {
	to := instant
	for !s.over() {
		if silence, in := heldBy(s.blackouts.silences, to); in {
			if silence.end <= instant && silence.end < endInstant {
				return fire{silence.end, silence.end}, true // what ended it was deferred
			}
			to = silence.start - 1
		}
		s.steps += s.cost
		f, ok := s.spread.prev(s.source, to)
		if !ok || f.at < s.start {
			break
		}
		if start := s.startOf(&s.blackouts.skip, f.at, f.at+1); start <= f.at {
			to = start - 1
			continue
		}
		at := s.endOf(&s.blackouts.hold, f.at)
		if at <= instant && (at == f.at || s.endOf(&s.blackouts.skip, at) == at) {
			return fire{f.nominal, at}, true
		}
		to = s.startOf(&s.blackouts.hold, f.at, f.at) - 1
	}
	return fire{}, false
}

// endOf returns the end of the windows that hold the instant, or the instant.
func (s *search) endOf(w *windows, instant int64) int64 {
	for !s.over() {
		s.steps += w.looks()
		end, ok := w.until(instant)
		if !ok {
			break
		}
		instant = end
	}
	return instant
}

// startOf returns the start of the windows that hold the instant, or otherwise.
func (s *search) startOf(w *windows, instant, otherwise int64) int64 {
	for !s.over() {
		s.steps += w.looks()
		start, ok := w.since(instant)
		if !ok {
			break
		}
		instant, otherwise = start-1, start
	}
	return otherwise
}

// afterSilence leaves a stretch that is known to have no fire.
func (s *search) afterSilence(instant int64) int64 {
	if silence, in := heldBy(s.blackouts.silences, instant); in {
		return silence.end
	}
	return instant
}
