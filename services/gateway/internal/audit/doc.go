// Package audit compares what should have fired with what the ledger says.
//
// Every revision of every job is kept, with the instant from which it holds. So
// the fires of the past are a function of the revisions, computed by the engine
// that the planner uses, and the ledger has no part in it:
//
//	revisions   ──[ 1 ]────────────[ 2: edited ]────[ 3: paused ]──▶ time
//	expected       ×    ×    ×    ×   ×  ×  ×  ×  ×
//	rows           ●    ●    ·    ●   ●  ●  ●○ ●  ●      ◐
//	                         ▲               ▲           ▲
//	                    unexplained     unexpected   superseded
//
// A fire is expected under the revision that holds at its instant, unless that
// one is paused or a deletion. It is explained by the row that has its run id,
// in whatever state; without one, it is filled if a backfill ran it. A row that
// explains no fire is superseded if the earlier revision that it names fires
// then, which happens when an edit reaches the planner after its effective
// instant; any other is unexpected, unless it is a backfill's.
//
// Revisions and rows come as two streams in the order of jobs, and are merged in
// one pass. What is held is one job's revisions, one row, and lists of bounded
// length: memory does not depend on the window. Lateness goes into a histogram
// of fixed size.
//
// # What it cannot see
//
// A row is found by its run id, of which there can be only one, so a fire that
// was decided twice looks like one that was decided once. What a target was
// called for twice, only the target can tell: by Idempotency-Key.
//
// A fire that still waits has no row yet: in its queue, unless it is a retry, or
// held by the planner while an earlier run of its job is in the way. The settling
// time, for which the newest fires are not judged, covers what a run takes in
// normal times; a queue that is paused or backed up takes longer.
//
// The package is pure: it knows no database and no clock.
package audit
