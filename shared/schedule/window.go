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

// recurringWindow opens whenever its source fires.
type recurringWindow struct {
	rule   rule
	length int64
	zone   *zone // of an event of whole days, whose length is civil time; otherwise nil
}

func (r recurringWindow) from(start int64) window {
	if r.zone != nil {
		today, _ := split(r.zone.civil(start)) // the clocks may jump over midnight
		return window{start, r.zone.instant(midnight(today) + r.length)}
	}
	return window{start, start + r.length}
}

// String tells a length on the clocks, "1d on the clocks", from an elapsed one.
func (r recurringWindow) String() string {
	text := r.rule.String() + " for " + secondsText(r.length)
	if r.zone != nil {
		text += " on the clocks"
	}
	return text
}

// windows are all windows of one policy.
type windows struct {
	fixed     []window // in order, neither overlapping nor touching
	recurring []recurringWindow
}

// holding returns a window that holds the instant; of several, one that ends last.
func (w *windows) holding(instant int64) (best window, ok bool) {
	i, exact := slices.BinarySearchFunc(w.fixed, instant, compareStart)
	if !exact {
		i--
	}
	if i >= 0 && instant < w.fixed[i].end {
		best, ok = w.fixed[i], true
	}
	for _, r := range w.recurring {
		start, any := r.rule.prev(instant)
		if found := r.from(start); any && instant < found.end && (!ok || found.end > best.end) {
			best, ok = found, true
		}
	}
	return best, ok
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
