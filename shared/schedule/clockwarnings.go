package schedule

// warnClocks notes what the changes of the clocks do to fires.
func (w *wall) warnClocks(n *notes, excluded func(at, jump int64) bool) {
	for i := range w.zone.stretches {
		at, jump := w.zone.stretches[i].start, w.zone.jump(i)
		if at < n.from || at >= n.to || jump == 0 || excluded(at, jump) {
			continue
		}
		after := at + w.zone.stretches[i].offset
		before := after - jump
		switch {
		case w.runsOn():
			w.warnShift(n, before, after)
		case jump > 0:
			w.warnGap(n, before, after)
		default:
			w.warnRepeat(n, before, after)
		}
	}
}

// runsOn reports whether the pattern goes on through all hours, so that a
// change of the clocks is nothing to it.
func (w *wall) runsOn() bool {
	return w.dst == elapsed && w.pattern.hour == fields[hour].all()
}

// warnShift notes a change by less than hours, after which the same minutes of
// the hour are not a whole number of hours later.
func (w *wall) warnShift(n *notes, before, after int64) {
	const whole = 1<<60 - 1
	minutes := int(floorDiv(after-before, secondsPerMinute)+1440) % 60
	if minutes == 0 || (w.pattern.minute<<minutes|w.pattern.minute>>(60-minutes))&whole == w.pattern.minute {
		return
	}
	n.add("%s: clocks in %s go from %s to %s, not by whole hours; the fires around it are closer together or farther apart than others.",
		dateText(before), w.zone.name, clockText(before), laterText(after, before))
}

func (w *wall) warnGap(n *notes, before, after int64) {
	lost := w.pattern.within(before, after)
	if lost == "" {
		return
	}
	n.add("%s: clocks in %s go forward from %s to %s; %s does not exist, and %s makes up for it.",
		dateText(before), w.zone.name, clockText(before), laterText(after, before), lost, w.makeup(before, after))
}

// makeup says what stands for fires that a gap swallowed.
func (w *wall) makeup(before, after int64) string {
	at := laterText(after, before)
	switch due, ok := w.pattern.next(after); {
	case w.dst.Gap == GapSkip:
		return "nothing"
	case ok && due == after:
		return "the fire due at " + at
	}
	return "one fire at " + at
}

func (w *wall) warnRepeat(n *notes, before, after int64) {
	twice := w.pattern.within(after, before)
	if twice == "" {
		return
	}
	outcome := map[Repeat]string{
		RepeatFirst:  "only the first time",
		RepeatSecond: "only the second time",
		RepeatBoth:   "both times",
	}[w.dst.Repeat]
	n.add("%s: clocks in %s go back from %s to %s; %s comes twice and fires %s.",
		dateText(before), w.zone.name, clockText(before), laterText(after, before), twice, outcome)
}

// laterText writes a civil time beside another: with its date if that differs.
func laterText(civil, beside int64) string {
	if dateText(civil) == dateText(beside) {
		return clockText(civil)
	}
	return dateText(civil) + " " + clockText(civil)
}

// within says which members of the pattern lie between two civil times: "02:30"
// or "02:00 to 02:45"; nothing if none does.
func (p *pattern) within(from, to int64) string {
	first, ok := p.next(from)
	if !ok || first >= to {
		return ""
	}
	last, _ := p.prev(to - 1)
	if last == first {
		return clockText(first)
	}
	return clockText(first) + " to " + laterText(last, first)
}
