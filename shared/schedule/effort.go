package schedule

import "errors"

const (
	// maxEffort takes a few milliseconds. It is enough for a calendar of 20,000
	// windows, or a COUNT of 10,000 beside it.
	maxEffort = 25_000
	// maxCounting is what all runs of a schedule with max_runs may take to count:
	// enough for several rules, or for a few recurring windows.
	maxCounting = 4 * maxRuns
)

// How much a unit pays for: months of a table, with all parts of a rule at work;
// months that are looked at for empty years, which is rarely slow; letters
// of a rule; and single windows.
const (
	// unitsPerRule pay for an event that recurs, whatever its rule.
	unitsPerRule   = 5
	tabledPerUnit  = 3
	thinnedPerUnit = 16
	lettersPerUnit = 16
	windowsPerUnit = 2
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
