// Package audit compares what should have fired with what the ledger says.
//
// Every revision of every job is kept, with the instant from which it holds. So
// the fires of the past are a function of the revisions, computed by the engine
// that the planner uses, and the ledger has no part in it:
//
//	revisions   ──[ 1 ]────────────[ 2: edited ]───────────────────▶ time
//	namespace                                       [ paused ]──────
//	expected       ×    ×    ×    ×   ×  ×  ×  ×  ×
//	rows           ●    ●    ·    ●   ●  ●  ●○ ●  ●  ◐  ◐      ◐
//	                         ▲               ▲       ▲         ▲
//	                    unexplained     unexpected superseded stale
//
// A fire is expected under the revision that holds at its instant, unless that
// one is paused or a deletion, or the job's namespace or everything is paused. It
// is explained by the row that has its run id, in whatever state; without one, it is
// filled if a backfill ran it to an end, and pending while one does. Any other row is unexpected, unless it is a backfill's,
// or the revision that it names fires then, or would if no pause or later revision
// had overruled it.
//
// # Late news
//
// Such a row is honest if the planner had not heard of the change when it planned
// it. What the planner had heard, no table says: a change's row tells when it was
// written, and not when NATS took it. But it is published a second ahead of its
// effect, and takes milliseconds. So a row that was planned within a minute after
// the change took effect is superseded, and one that was planned later is stale:
// either the planner did not heed the change, or an outage held the news back for
// all that time. After such an outage the rows are honest too, and somebody has to
// look at when it was. An expected fire whose row names an overruled revision is
// judged likewise, though it is accounted for.
//
// # Memory
//
// Revisions and rows come as two streams in the order of jobs, and are merged in
// one pass. What is held is the pauses of the window, one job's revisions, one
// row, and lists of bounded length: memory grows with how often somebody paused a
// namespace within the window, and with nothing else. Lateness goes into a
// histogram of fixed size.
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
