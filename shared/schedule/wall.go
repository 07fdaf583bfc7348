package schedule

// wall is a pattern on the clocks of a zone.
//
// The zone's stretches are visited in order. Within one, instants and civil
// times differ by a constant, so the pattern is searched directly. Where the
// clocks change, the policy decides: a stretch gives up that part of itself
// whose local times are the unwanted copy, and a gap that swallowed a member of
// the pattern adds the stretch's first instant.
type wall struct {
	pattern *pattern
	zone    *zone
	dst     DST
}

func (w *wall) next(instant int64) (int64, bool) {
	seek := ahead{pattern: w.pattern}
	for i := w.zone.index(instant); i < len(w.zone.stretches); i++ {
		here := w.zone.stretches[i]
		if here.start >= instant && w.swallows(i) {
			if civil, ok := seek.from(here.start + here.offset - w.zone.jump(i)); ok && civil < here.start+here.offset {
				return here.start, true
			}
		}
		start, end := w.span(i)
		civil, ok := seek.from(max(start, instant) + here.offset)
		if found := civil - here.offset; ok && found < end {
			return found, true
		}
	}
	return never, false
}

func (w *wall) prev(instant int64) (int64, bool) {
	seek := behind{pattern: w.pattern}
	for i := w.zone.index(instant); i >= 0; i-- {
		here := w.zone.stretches[i]
		start, end := w.span(i)
		civil, ok := seek.to(min(end-1, instant) + here.offset)
		if found := civil - here.offset; ok && found >= start {
			return found, true
		}
		if w.swallows(i) {
			if civil, ok := seek.to(here.start + here.offset - 1); ok && civil >= here.start+here.offset-w.zone.jump(i) {
				return here.start, true
			}
		}
	}
	return never, false
}

// swallows reports whether stretch i starts with a gap that is made up for.
func (w *wall) swallows(i int) bool {
	return w.dst.Gap == GapRunAfter && w.zone.jump(i) > 0
}

// span returns the part of stretch i in which the pattern fires.
func (w *wall) span(i int) (start, end int64) {
	start, end = w.zone.stretches[i].start, w.zone.end(i)
	if w.dst.Repeat == RepeatFirst {
		start -= min(w.zone.jump(i), 0)
	}
	if w.dst.Repeat == RepeatSecond {
		end += min(w.zone.jump(i+1), 0)
	}
	return start, end
}

// ahead searches a pattern forward and remembers its last answer, which stays
// the answer while the search moves through the emptiness before it. A yearly
// schedule so costs one search, however many clock changes it passes.
type ahead struct {
	pattern   *pattern
	low, hit  int64
	known, ok bool
}

func (a *ahead) from(low int64) (int64, bool) {
	if !a.known || low < a.low || a.ok && low > a.hit {
		a.low, a.known = low, true
		a.hit, a.ok = a.pattern.next(low)
	}
	return a.hit, a.ok
}

// behind is ahead backwards.
type behind struct {
	pattern   *pattern
	high, hit int64
	known, ok bool
}

func (b *behind) to(high int64) (int64, bool) {
	if !b.known || high > b.high || b.ok && high < b.hit {
		b.high, b.known = high, true
		b.hit, b.ok = b.pattern.prev(high)
	}
	return b.hit, b.ok
}
