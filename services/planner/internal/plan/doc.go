// Package plan decides what becomes of the fires that are due: which are run,
// which wait, which are not run and why, and how far the marks move.
//
// A batch is a prefix of the due fires in the order of the marks, so that one
// mark per partition says exactly what has been planned. It ends early for
// three reasons: it is full, in messages or in bytes; or it would hold two runs
// of a job whose fires are skipped while one is in flight. The second of those
// goes into the next batch, where the stream's own check sees the first one.
//
// # Missed fires
//
// A fire is missed when it is planned later than [Grace] after its time. Which
// missed fires still run is the job's catch-up policy: none, or the newest so
// many of those that are due: one of them (latest) or catch_up.max (all).
// Everything else that is late is merely late, and runs.
//
// After a restore from a backup the fires come first that the system before may
// have planned already, which only its mark says: they are skipped, whatever the
// policy.
//
// # Overlap
//
// What a fire does that finds an earlier run of its job in flight, or an earlier
// fire of it waiting:
//
//	allow    runs beside it
//	skip     is skipped; a missed one under catch_up all waits, without bound
//	         but for catch_up.max; while a backfill of the job is under way, one
//	         fire waits, since what is in its way may be a run of that
//	queue    waits, if fewer than max_queued do; else it is skipped
//	replace  waits, and those that waited are skipped; whoever commits has the
//	         runs in flight cancelled
//
// A fire that waits is held in the mark, in the same commit that moves the mark
// past it: held, planned and skipped exclude each other as "before the mark" and
// "after it" do. A held fire is released alone and in order, when no run of its
// job is in flight; whoever thinks so is checked by the stream as for any run.
//
//	            blocked          no run in flight
//	due fire ───────────▶ held ───────────────────▶ run
//	    │                   │ replaced
//	    └──▶ run, or skip   └─────────▶ skip
//
// # Purity
//
// The package takes the agenda, the instant and the marks, and returns a
// [Batch]. [Collect] decides as if nothing were in flight. Where the stream says
// otherwise, [Batch.Resolve] decides anew, from the same fires. Collect moves the
// agenda past what it took; if the batch is not stored, whoever collected it owns
// its partitions anew, from their marks. What is held is in the marks alone.
package plan
