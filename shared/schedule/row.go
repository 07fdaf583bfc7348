package schedule

import "math/bits"

// reach says how far the fires of a rule follow each other so closely that the
// windows which they open touch: within blocks of the clocks, and, where a block
// is a day, from one chosen day to a later one. It lets a search pass a row of
// touching windows without a look at each.
type reach struct {
	block int64 // seconds
	days  int   // how many days a chosen one may follow another; 0 for none
}

// rows are the fires of a rule in rows: in each, a fire comes at most a reach
// after the one before.
type rows interface {
	source
	// reach returns how far windows of a length in seconds touch.
	reach(length int64) reach
	// lastInRow returns a later fire of the row that goes on from a fire. It may
	// stop early, so that the fire after it belongs to the row too.
	lastInRow(fire int64, r reach) int64
	// firstInRow is lastInRow backwards.
	firstInRow(fire int64, r reach) int64
	// rowsPerDay bounds how many rows begin in a day.
	rowsPerDay(r reach) int
}

// reach goes from the small to the large: hours can only follow each other
// closely where the minutes within them do.
func (p *pattern) reach(length int64) reach {
	across, block := int64(0), int64(1) // across is the time from the first to the last fire of a block
	for _, unit := range []struct {
		set  uint64
		size int64
	}{{p.second, 1}, {p.minute, secondsPerMinute}, {p.hour, secondsPerHour}} {
		low, high := bits.TrailingZeros64(unit.set), bits.Len64(unit.set)-1
		if low != high && int64(widest(unit.set))*unit.size-across > length {
			return reach{block: block}
		}
		across += int64(high-low) * unit.size
		block = unit.size * 60
	}
	return reach{secondsPerDay, int((length + across) / secondsPerDay)}
}

// widest returns the greatest distance between neighbours of a set.
func widest(set uint64) (most int) {
	for rest := set & (set - 1); rest != 0; rest &= rest - 1 {
		at := bits.TrailingZeros64(rest)
		most = max(most, at-highestTo(set, at-1))
	}
	return most
}

// rowsPerDay bounds the rows of a day by its blocks that hold a fire.
func (p *pattern) rowsPerDay(r reach) int {
	n := 1
	for _, unit := range []struct {
		set  uint64
		size int64
	}{{p.second, secondsPerMinute}, {p.minute, secondsPerHour}, {p.hour, secondsPerDay}} {
		if r.block < unit.size {
			n *= bits.OnesCount64(unit.set)
		}
	}
	return n
}

// lastInRow returns the last member of the row from a member on that comes
// before an end; all are civil times.
func (p *pattern) lastInRow(member, end int64, r reach) int64 {
	rowEnd := (floorDiv(member, r.block) + 1) * r.block
	if r.days > 0 {
		today, _ := split(member)
		rowEnd = midnight(p.lastDayInRow(today, r.days) + 1)
	}
	last, _ := p.prev(min(rowEnd, end) - 1)
	return last
}

// firstInRow is lastInRow backwards, from a start on.
func (p *pattern) firstInRow(member, start int64, r reach) int64 {
	rowStart := floorDiv(member, r.block) * r.block
	if r.days > 0 {
		today, _ := split(member)
		rowStart = midnight(p.firstDayInRow(today, r.days))
	}
	first, _ := p.next(max(rowStart, start))
	return first
}

// lastInRow stays within a stretch of the zone, in which all members fire. What
// the policy makes of others is no member, and a row of its own.
func (w *wall) lastInRow(fire int64, r reach) int64 {
	i := w.zone.index(fire)
	offset := w.zone.stretches[i].offset
	if hit, ok := w.pattern.next(fire + offset); !ok || hit != fire+offset {
		return fire
	}
	_, end := w.span(i)
	return max(fire, w.pattern.lastInRow(fire+offset, end+offset, r)-offset)
}

func (w *wall) firstInRow(fire int64, r reach) int64 {
	i := w.zone.index(fire)
	offset := w.zone.stretches[i].offset
	if hit, ok := w.pattern.next(fire + offset); !ok || hit != fire+offset {
		return fire
	}
	start, _ := w.span(i)
	return min(fire, w.pattern.firstInRow(fire+offset, start+offset, r)-offset)
}

func (w *wall) reach(length int64) reach { return w.pattern.reach(length) }

// rowsPerDay leaves out that an hour may come twice.
func (w *wall) rowsPerDay(r reach) int { return w.pattern.rowsPerDay(r) }
