package backfill

import "slices"

// Mode is which fires of a range are to be run.
type Mode string

// The modes. None runs a fire that is under way.
const (
	Unexplained Mode = "unexplained" // fires without any run
	Gaps        Mode = "gaps"        // those, and the ones that never ran to an end
	Failed      Mode = "failed"      // those, and the ones that failed or were cancelled
	All         Mode = "all"         // every one, again
)

// Modes lists the modes, each of which wants all that the one before it does.
func Modes() []Mode { return []Mode{Unexplained, Gaps, Failed, All} }

// wants reports whether the mode runs a fire that stands so.
func (m Mode) wants(s standing) bool {
	switch m {
	case Unexplained:
		return s == hole
	case Gaps:
		return s <= gap
	case Failed:
		return s <= gap || s == failed
	case All:
		return s != underWay
	}
	return false
}

// Schedule is by which of a job's schedules the fires of a range are computed.
type Schedule string

// The schedules.
const (
	Original Schedule = "original" // of the revisions that held then
	Current  Schedule = "current"  // of the newest revision, also for times before it, or when the job was paused
)

// Valid reports whether s is one of the two.
func (s Schedule) Valid() bool { return s == Original || s == Current }

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool { return slices.Contains(Modes(), m) }
