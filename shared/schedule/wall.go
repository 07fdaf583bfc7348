package schedule

// wall is a pattern on the clocks of a zone.
//
// The zone's stretches are visited in order. Within one, instants and civil
// times differ by a constant, so the pattern is searched directly. Where the
// clocks change, the policy decides: a stretch gives up that part of itself
// whose local times are the unwanted copy, and a gap that swallowed a member of
// the pattern adds the stretch's first instant. Once the search has looked
// farther than offsets can differ, stretches before the next member are passed
// over, so that a rare pattern does not visit every change of the clocks.
type wall struct {
	pattern     *pattern
	zone        *zone
	dst         DST
	first, last int64 // fires; none is outside of them
}

// newWall finds the ends of the pattern's fires, so that no search goes past them.
func newWall(p *pattern, z *zone, dst DST) *wall {
	w := &wall{pattern: p, zone: z, dst: dst, last: endInstant}
	first, ok := w.next(0)
	last, _ := w.prev(endInstant - 1)
	if !ok {
		first, last = endInstant, -1
	}
	w.first, w.last = first, last
	return w
}

func (w *wall) next(instant int64) (int64, bool) {
	if instant > w.last {
		return never, false
	}
	instant = max(instant, w.first)
	seek := ahead{pattern: w.pattern}
	for i := w.zone.index(instant); i < len(w.zone.stretches); i++ {
		here := w.zone.stretches[i]
		if here.start >= instant && w.swallows(i) {
			if civil, ok := seek.from(here.start + here.offset - w.zone.jump(i)); ok && civil < here.start+here.offset {
				return here.start, true
			}
		}
		start, end := w.span(i)
		start = max(start, instant)
		civil, ok := seek.from(start + here.offset)
		if found := civil - here.offset; ok && found < end {
			return found, true
		}
		if ok && end-start > farthest {
			i = max(i, w.zone.index(civil-farthest)-1)
		}
	}
	return never, false
}

func (w *wall) prev(instant int64) (int64, bool) {
	if instant < w.first {
		return never, false
	}
	instant = min(instant, w.last)
	seek := behind{pattern: w.pattern}
	for i := w.zone.index(instant); i >= 0; i-- {
		here := w.zone.stretches[i]
		start, end := w.span(i)
		end = min(end-1, instant)
		civil, ok := seek.to(end + here.offset)
		if found := civil - here.offset; ok && found >= start {
			return found, true
		}
		if w.swallows(i) {
			if civil, ok := seek.to(here.start + here.offset - 1); ok && civil >= here.start+here.offset-w.zone.jump(i) {
				return here.start, true
			}
		}
		if ok && end-start > farthest {
			i = min(i, w.zone.index(civil+farthest)+1)
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
// the answer while the search moves through the emptiness before it.
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
