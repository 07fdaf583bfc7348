package schedule

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// window is a stretch of time, from start (inclusive) to end (exclusive).
type window struct{ start, end int64 }

// opener is a rule that opens windows.
type opener interface {
	rows
	steady() (since int64, ok bool)
	String() string
	describe() string
}

// recurringWindow opens whenever its rule fires.
type recurringWindow struct {
	rule   opener
	length int64
	zone   *zone // of an event of whole days, whose length is civil time; otherwise nil
	reach  reach
}

func newRecurringWindow(rule opener, length int64, z *zone) recurringWindow {
	return recurringWindow{rule, length, z, rule.reach(length)}
}

func (r recurringWindow) from(start int64) window {
	if r.zone != nil {
		today, _ := split(r.zone.civil(start)) // the clocks may jump over midnight
		return window{start, r.zone.instant(midnight(today) + r.length)}
	}
	return window{start, start + r.length}
}

// holding returns the window that holds the instant and opens last.
func (r recurringWindow) holding(instant int64) (window, bool) {
	start, ok := r.rule.prev(instant)
	if !ok {
		return window{}, false
	}
	found := r.from(start)
	return found, instant < found.end
}

// until returns an end of windows in a row that begin with the one which holds
// the instant.
func (r recurringWindow) until(instant int64) (int64, bool) {
	found, ok := r.holding(instant)
	if !ok || r.reach == (reach{block: 1}) {
		return found.end, ok
	}
	return r.from(r.rule.lastInRow(found.start, r.reach)).end, true
}

// since is until backwards.
func (r recurringWindow) since(instant int64) (int64, bool) {
	found, ok := r.holding(instant)
	if !ok || r.reach == (reach{block: 1}) {
		return found.start, ok
	}
	return r.rule.firstInRow(found.start, r.reach), true
}

// String tells a length on the clocks, "1d on the clocks", from an elapsed one.
func (r recurringWindow) String() string {
	text := r.rule.String() + " for " + secondsText(r.length)
	if r.zone != nil {
		text += " on the clocks"
	}
	return text
}

// windows are all windows of one policy. Those that overlap or touch are one.
type windows struct {
	fixed     []window // in order, neither overlapping nor touching
	recurring []recurringWindow
	long      []window // whole, of the windows above, where that takes long to find; in order
}

// until returns an end of windows that hold the instant, or false if none does.
// More windows may go on from there.
func (w *windows) until(instant int64) (end int64, ok bool) {
	if known, in := heldBy(w.long, instant); in {
		return known.end, true
	}
	if one, in := heldBy(w.fixed, instant); in {
		end, ok = one.end, true
	}
	for _, r := range w.recurring {
		if found, in := r.until(instant); in && (!ok || found > end) {
			end, ok = found, true
		}
	}
	return end, ok
}

// since is until backwards.
func (w *windows) since(instant int64) (start int64, ok bool) {
	if known, in := heldBy(w.long, instant); in {
		return known.start, true
	}
	if one, in := heldBy(w.fixed, instant); in {
		start, ok = one.start, true
	}
	for _, r := range w.recurring {
		if found, in := r.since(instant); in && (!ok || found < start) {
			start, ok = found, true
		}
	}
	return start, ok
}

// looks returns how many steps a look at the windows takes; one that passes rows
// of days reads a year.
func (w *windows) looks() (n int) {
	for _, r := range w.recurring {
		if n++; r.reach.days > 0 {
			n += 2
		}
	}
	return n
}

// heldBy returns that of some windows in order which holds the instant.
func heldBy(list []window, instant int64) (window, bool) {
	i, exact := slices.BinarySearchFunc(list, instant, compareStart)
	if !exact {
		i--
	}
	if i < 0 || instant >= list[i].end {
		return window{}, false
	}
	return list[i], true
}

// before returns the last fixed window that ends by the instant.
func (w *windows) before(instant int64) (window, bool) {
	i, _ := slices.BinarySearchFunc(w.fixed, instant, compareStart)
	if i == 0 {
		return window{}, false
	}
	return w.fixed[i-1], true
}

// add takes over more windows; settle must follow.
func (w *windows) add(more windows) {
	w.fixed = append(w.fixed, more.fixed...)
	w.recurring = append(w.recurring, more.recurring...)
}

// settle puts the fixed windows in order and joins those that meet.
func (w *windows) settle() {
	slices.SortFunc(w.fixed, func(a, b window) int { return cmp.Compare(a.start, b.start) })
	joined := w.fixed[:0]
	for _, one := range w.fixed {
		if last := len(joined) - 1; last >= 0 && one.start <= joined[last].end {
			joined[last].end = max(joined[last].end, one.end)
		} else {
			joined = append(joined, one)
		}
	}
	w.fixed = joined
}

// maxListed is how many windows a canonical text lists; more become a checksum.
const maxListed = 16

// String returns the canonical text.
func (w *windows) String() string {
	var texts []string
	for _, r := range w.recurring {
		texts = append(texts, r.String())
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	fixed := make([]string, len(w.fixed))
	for i, one := range w.fixed {
		fixed[i] = timeText(one.start) + "/" + timeText(one.end)
	}
	if len(fixed) > maxListed {
		sum := sha256.Sum256([]byte(strings.Join(fixed, ",")))
		fixed = []string{fmt.Sprintf("%d windows %x", len(fixed), sum[:16])}
	}
	return strings.Join(append(texts, fixed...), ",")
}

func compareStart(w window, instant int64) int { return cmp.Compare(w.start, instant) }
