// Package plan decides what becomes of the fires that are due: which are run,
// which are not and why, and how far the marks move.
//
// A batch is a prefix of the due fires in the order of the marks, so that one
// mark per partition says exactly what has been planned. It ends early for
// three reasons: it is full, in messages or in bytes; or it would hold two runs
// of a job that may not overlap itself. The second of those goes into the next
// batch, where the stream's own check sees the first one in flight.
//
// A fire is missed when it is planned later than [Grace] after its time. Which
// missed fires still run is the job's catch-up policy. Everything else that is
// late is merely late, and runs.
//
// The package is pure: it takes the agenda and the instant, and returns a
// [Batch]. It moves the agenda past what it took; [Batch.Undo] moves it back.
package plan
