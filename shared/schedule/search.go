package schedule

// maxLookups bounds one search among blackouts, so that no spec can take long.
// It is enough for windows that swallow every fire of a daily job for a year.
const maxLookups = 800

// verdict is what blackouts make of a fire.
type verdict struct {
	at      int64  // when it fires
	first   window // the window that it fell into; empty if none
	skipped bool
	clear   int64 // the end of the window that skipped it
}

// judge moves a fire out of the windows that defer it until it is free or
// falls into one that skips it. It takes its lookups off left.
func (b *blackouts) judge(at int64, left *int) verdict {
	v := verdict{at: at}
	for *left > 0 {
		*left -= b.skip.cost()
		if w, ok := b.skip.holding(v.at); ok {
			v.enter(w)
			v.skipped, v.clear = true, w.end
			return v
		}
		*left -= b.hold.cost()
		w, ok := b.hold.holding(v.at)
		if !ok {
			break
		}
		v.enter(w)
		v.at = w.end
	}
	return v
}

func (v *verdict) enter(w window) {
	if v.first == (window{}) {
		v.first = w
	}
}

// next returns the first fire that is not before the instant.
//
// Blackouts move fires to the right and keep their order, so the search begins
// with the earliest fire that may have been holded to the instant or past it,
// and leaves every window that swallowed a fire at that window's end.
func (s *Schedule) next(instant int64) (fire, bool) {
	if len(s.blackouts.entries) == 0 {
		return s.due(instant)
	}
	from, left := instant, maxLookups
	for left > 0 {
		left -= s.blackouts.hold.cost()
		w, ok := s.blackouts.hold.holding(from - 1)
		if !ok || w.end < from {
			break
		}
		from = w.start
	}
	for left > 0 {
		f, ok := s.due(from)
		if !ok {
			return fire{}, false
		}
		v := s.blackouts.judge(f.at, &left)
		if !v.skipped && v.at >= instant {
			return fire{f.nominal, v.at}, v.at < s.end
		}
		from = max(f.at+1, v.at, v.clear)
	}
	return fire{}, false
}

// prev returns the last fire that is not after the instant.
func (s *Schedule) prev(instant int64) (fire, bool) {
	to, left := min(instant, s.end-1), maxLookups
	instant = to
	for left > 0 {
		f, ok := s.spread.prev(s.source, to)
		if !ok || f.at < s.start {
			return fire{}, false
		}
		v := s.blackouts.judge(f.at, &left)
		if !v.skipped && v.at <= instant {
			return fire{f.nominal, v.at}, true
		}
		to = min(f.at, v.first.start) - 1
	}
	return fire{}, false
}

// due returns the first fire that is not before the instant, blackouts aside.
func (s *Schedule) due(instant int64) (fire, bool) {
	f, ok := s.spread.next(s.source, max(instant, s.start))
	return f, ok && f.at < s.end
}

// limit ends the schedule after its first n fires.
func (s *Schedule) limit(n int) {
	f, ok := s.next(s.start)
	for ; ok && n > 1; n-- {
		f, ok = s.next(f.at + 1)
	}
	if ok {
		s.end = f.at + 1
	}
}
