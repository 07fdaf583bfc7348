package carillon

import "slices"

// Overlap is what a fire does while an earlier run of its job is in flight:
// queued, running or waiting for a retry.
type Overlap string

// The overlap policies.
const (
	OverlapSkip    Overlap = "skip"    // the fire does not run; the ledger says why
	OverlapAllow   Overlap = "allow"   // the fire runs beside the earlier one
	OverlapQueue   Overlap = "queue"   // the fire waits its turn, up to MaxQueued of them
	OverlapReplace Overlap = "replace" // the earlier run is cancelled; the fire runs after it
)

// Valid reports whether o is one of the policies.
func (o Overlap) Valid() bool {
	return slices.Contains([]Overlap{OverlapSkip, OverlapAllow, OverlapQueue, OverlapReplace}, o)
}

// CatchUpPolicy is which of a job's missed fires still run.
type CatchUpPolicy string

// The catch-up policies.
const (
	CatchUpLatest CatchUpPolicy = "latest" // only the last of them
	CatchUpSkip   CatchUpPolicy = "skip"   // none
	CatchUpAll    CatchUpPolicy = "all"    // every one, up to CatchUp.Max
)

// Valid reports whether p is one of the policies.
func (p CatchUpPolicy) Valid() bool {
	return slices.Contains([]CatchUpPolicy{CatchUpLatest, CatchUpSkip, CatchUpAll}, p)
}

// Kind is what a run came from.
type Kind string

// The kinds of runs.
const (
	KindSchedule Kind = "schedule" // a fire time of the job's schedule
	KindManual   Kind = "manual"   // a trigger by a person or a program
	KindBackfill Kind = "backfill" // a fire time of the past, asked for again
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{KindSchedule, KindManual, KindBackfill} }

// State is where a run is in its life.
type State string

// The states; all from StateSucceeded on are final.
const (
	StateQueued    State = "queued"    // planned, waiting for a runner
	StateRunning   State = "running"   // a call is being made
	StateRetrying  State = "retrying"  // a call failed; the next one is due
	StateSucceeded State = "succeeded" // the target said so
	StateFailed    State = "failed"    // every attempt failed
	StateCancelled State = "cancelled" // somebody stopped it
	StateSkipped   State = "skipped"   // decided against: overlap, blackout
	StateMissed    State = "missed"    // nobody planned it in time
	StateExpired   State = "expired"   // waited in its queue beyond its deadline
	StateLost      State = "lost"      // given up after runners died on it
)

// States lists every state in the order of a run's life.
func States() []State {
	return []State{StateQueued, StateRunning, StateRetrying, StateSucceeded, StateFailed,
		StateCancelled, StateSkipped, StateMissed, StateExpired, StateLost}
}

// Final reports whether a run in this state has ended.
func (s State) Final() bool { return slices.Index(States(), s) >= 3 }
