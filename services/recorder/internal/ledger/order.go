package ledger

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// order lists the states by how much they say. SQL gets this very list, so
// that both sides order alike.
var order = []carillon.State{
	carillon.StateQueued, carillon.StateRunning, carillon.StateRetrying,
	carillon.StateMissed, carillon.StateSkipped, carillon.StateExpired,
	carillon.StateCancelled, carillon.StateLost, carillon.StateFailed, carillon.StateSucceeded,
}

// lastOpen is the highest place in order, from 0, of a run that has not ended.
const lastOpen = 2

// later compares how much two events of a run say.
func later(a, b *wire.Outcome) int {
	stateA, stateB := slices.Index(order, a.State), slices.Index(order, b.State)
	return cmp.Or(
		cmp.Compare(max(stateA, lastOpen), max(stateB, lastOpen)),
		cmp.Compare(a.Attempts, b.Attempts),
		cmp.Compare(stateA, stateB),
		cmp.Compare(a.FinishedAt.UnixMicro(), b.FinishedAt.UnixMicro()),
		cmp.Compare(a.Reason, b.Reason), // what waits says first until when
	)
}

// laterAttempt compares how much two tellings of an attempt say.
func laterAttempt(a, b *wire.Attempt) int {
	return cmp.Or(
		cmp.Compare(min(a.Status, 1), min(b.Status, 1)),
		cmp.Compare(a.FinishedAt.UnixMicro(), b.FinishedAt.UnixMicro()),
		cmp.Compare(a.Class, b.Class),
	)
}

// byKey compares events by the primary key of their run.
func byKey(a, b *wire.Outcome) int {
	return cmp.Or(
		cmp.Compare(a.FireTime.UnixMicro(), b.FireTime.UnixMicro()),
		bytes.Compare(a.RunID[:], b.RunID[:]),
	)
}

// byAttemptKey compares events by the primary key of their attempt.
func byAttemptKey(a, b *wire.Outcome) int {
	return cmp.Or(byKey(a, b), cmp.Compare(a.Attempt.Number, b.Attempt.Number))
}

// latestRuns returns the latest event of each run, sorted by key.
func latestRuns(events []*wire.Outcome) []*wire.Outcome {
	return latest(slices.Clone(events), byKey, later)
}

// latestAttempts returns the latest event of each attempt that is recorded,
// sorted by key.
func latestAttempts(events []*wire.Outcome) []*wire.Outcome {
	tried := slices.DeleteFunc(slices.Clone(events), func(o *wire.Outcome) bool { return o.Attempt == nil || addsNothing(o) })
	return latest(tried, byAttemptKey, func(a, b *wire.Outcome) int { return laterAttempt(a.Attempt, b.Attempt) })
}

// addsNothing reports whether the run's row says all that its attempt does: a
// first one that succeeded, with nothing to read in the answer.
func addsNothing(o *wire.Outcome) bool {
	return o.State == carillon.StateSucceeded && o.Attempts == 1 && o.Attempt.Number == 1 && o.Attempt.Response == ""
}

// latest sorts events in place by key and keeps the one that says most of each.
func latest(events []*wire.Outcome, key, says func(a, b *wire.Outcome) int) []*wire.Outcome {
	slices.SortStableFunc(events, func(a, b *wire.Outcome) int { return cmp.Or(key(a, b), says(b, a)) })
	return slices.CompactFunc(events, func(a, b *wire.Outcome) bool { return key(a, b) == 0 })
}
