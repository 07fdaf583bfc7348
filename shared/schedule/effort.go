package schedule

import "errors"

const (
	// maxEffort is enough for a calendar of 20,000 windows, or a COUNT of 10,000
	// beside one of 15,000, and takes a few milliseconds.
	maxEffort = 25_000
	// maxCounting is what all runs of a schedule with max_runs may take to count:
	// enough for several rules, or for a few recurring windows.
	maxCounting = 4 * maxRuns
)

// How many months a unit pays for: those of a table, with all parts of a rule
// at work, and those that are looked at for empty years, which is rarely slow.
const (
	tabledPerUnit  = 4
	thinnedPerUnit = 16
)

// effort bounds what Compile works out in advance, so that no spec keeps it
// busy. A unit is a search for a fire.
type effort struct{ spent int }

func (e *effort) spend(n int) error {
	e.spent += n
	if e.spent > maxEffort {
		return errors.New("its rules take too long to work out")
	}
	return nil
}
