package audit

import (
	"iter"
	"time"
)

// Expected yields the fires from one instant on and before another that the
// revisions of one job call for, but for those of paused times, in order, each with
// the revision that held. The revisions are given with the newest first; they are
// reordered and written to. One that cannot be read has no fires.
func Expected(newestFirst []*Revision, pauses []Pause, from, to time.Time) iter.Seq2[time.Time, *Revision] {
	return newLine(newestFirst, newPauses(pauses)).fires(from, to)
}
