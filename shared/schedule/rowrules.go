package schedule

// paced fires in rows as long as its days are chosen.
func (p *paced) reach(length int64) reach {
	if p.step > length {
		return reach{block: 1}
	}
	return reach{secondsPerDay, 1}
}

func (p *paced) rowsPerDay(r reach) int {
	if r.days > 0 {
		return 1
	}
	return int(secondsPerDay/p.step) + 1
}

func (p *paced) lastInRow(fire int64, r reach) int64 {
	if r.days == 0 {
		return fire
	}
	i := p.zone.index(fire)
	offset := p.zone.stretches[i].offset
	today, _ := split(fire + offset)
	end := min(midnight(p.days.lastDayInRow(today, 1)+1)-offset, p.zone.end(i))
	last, _ := p.interval.prev(end - 1)
	return max(fire, last)
}

func (p *paced) firstInRow(fire int64, r reach) int64 {
	if r.days == 0 {
		return fire
	}
	i := p.zone.index(fire)
	offset := p.zone.stretches[i].offset
	today, _ := split(fire + offset)
	start := max(midnight(p.days.firstDayInRow(today, 1))-offset, p.zone.stretches[i].start)
	first, _ := p.interval.next(start)
	return min(fire, first)
}

// Single instants are rows of their own.
func (l instants) reach(int64) reach                    { return reach{block: 1} }
func (l instants) lastInRow(fire int64, _ reach) int64  { return fire }
func (l instants) firstInRow(fire int64, _ reach) int64 { return fire }
func (l instants) rowsPerDay(reach) int                 { return len(l) }

func (r *recurrence) reach(length int64) reach { return r.inner.reach(length) }

func (r *recurrence) rowsPerDay(far reach) int {
	return r.inner.rowsPerDay(far) + len(r.include) + len(r.holes.fixed)
}

// lastInRow stays within what neither COUNT or UNTIL nor a hole cuts off.
func (r *recurrence) lastInRow(fire int64, far reach) int64 {
	if fire < r.from || fire > r.until || r.include.has(fire) {
		return fire
	}
	last := min(r.inner.lastInRow(fire, far), r.until)
	if hole, ok := r.holes.opening(fire); ok {
		last = min(last, hole.start-1)
	}
	last, _ = r.inner.prev(last)
	return max(fire, last)
}

func (r *recurrence) firstInRow(fire int64, far reach) int64 {
	if fire < r.from || fire > r.until || r.include.has(fire) {
		return fire
	}
	first := max(r.inner.firstInRow(fire, far), r.from)
	if hole, ok := r.holes.before(fire); ok {
		first = max(first, hole.end)
	}
	first, _ = r.inner.next(first)
	return min(fire, first)
}

func (c *cronRule) steady() (int64, bool) { return 0, c.expr.years == allYears }

func (r *recurrence) steady() (since int64, ok bool) {
	since = r.from
	if n := len(r.include); n > 0 {
		since = max(since, r.include[n-1])
	}
	if n := len(r.holes.fixed); n > 0 {
		since = max(since, r.holes.fixed[n-1].end)
	}
	if p, ok := r.inner.(*paced); ok {
		_, whole := p.interval.steady()
		return since, whole && r.until == endInstant
	}
	return since, r.until == endInstant && r.option != nil && r.option.Interval == 1
}
