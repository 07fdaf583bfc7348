// Package effect says when a change takes effect.
//
// A change holds for the fires from its effective_from on, and that lies a second
// ahead, so that it can reach the planner before it matters. It also lies after
// that of the change before: so each instant belongs to exactly one of them,
// whichever gateway's clock said what.
package effect

import "time"

// Lead is how far ahead of its writing a change takes effect.
const Lead = time.Second

// From is when a change written now takes effect, if the one before it did at
// before, or was none (zero): in UTC, in the microseconds that Postgres keeps.
func From(now, before time.Time) time.Time {
	from := now.Add(Lead).Truncate(time.Microsecond).UTC()
	if !from.After(before) {
		from = before.Add(time.Microsecond)
	}
	return from
}
