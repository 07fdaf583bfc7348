// Package backup writes all that a Carillon knows into one file, while it goes on,
// and makes of the file a system that goes on from there, without calling a target
// for a fire that was called before.
//
// It works on Postgres and NATS themselves, beside the services. A file has the
// sections (package archive)
//
//	manifest      by which version, of which schema
//	marks         of all partitions, before everything else
//	messages      what is on its way from RUNS and SIGNALS to the ledger
//	tables/…      each table as COPY writes it, all as of one instant; of the
//	runs/…        ledger, if it is wanted, each day for itself
//	attempts/…
//	end           the marks again, after everything else
//
// # What a fire is in a backup
//
// Fires flow from the marks to the ledger, and leave each place only after they have
// come to the next:
//
//	marks ──▶ RUNS ──▶ OUTCOMES ──▶ Postgres
//	  │ read 1.  2.        3.          4.       and the marks again, 5.
//
// They are read in this order, and Postgres as of one instant (one transaction,
// REPEATABLE READ). So a fire that the first marks cover is seen somewhere: it has
// its row, or is in flight. A fire beyond the first marks and within the second may
// have been called, and have a row or none. What is beyond the second marks was not
// planned when the backup ended.
//
//	             first mark        second mark       until         now
//	fires  × × × × × │ × × × × × × × × │ × × × × × × │ × × × × × × │ × ×
//	       row, or   │  row, else      │   skipped   │  each job's  │ planned
//	       in flight │  skipped        │             │  catch-up    │
//
// # Why no fire is called twice
//
// The restored marks are the first ones, so that nothing between the two pairs of
// marks goes without a row. And they say up to when planners must not run what is
// beyond them (wire.Mark.Restored): to the second marks at least, and to the instant
// until which the system went on after the backup, which the backup cannot know and
// whoever restores says. What comes after that nobody has planned. A planner skips
// what is doubtful, with a row; where the ledger has a row that says more, that one
// stays, as the recorder never lets a row say less. Taking the second marks would be
// as safe, but leave fires without a row; to read the marks only once, before, would
// call again what was planned during the backup; only once, after, would lose what
// was in flight.
//
// What was in flight was called, or may have been. It ends as lost, with its reason:
// to run it again is for a person to decide. If planning had gone back for late news
// (ADR 2), what it had reached before counts as planned, too.
//
// JOBS is filled with the revisions that hold from the first marks on, and the marks
// have seen all of them. So nothing is news, and fires between the mark and an edit
// follow from the revision before it.
//
// # All or nothing
//
// The file is read once to its end before anything is written. Tables are written in
// one transaction, the streams before it is committed, and emptied again if it is
// not: Postgres itself says so, if its answer to COMMIT is lost. A restore that is
// killed may leave messages in NATS; the next one refuses to go on from there, and
// says so.
//
// # What it leaves out
//
// Sessions of browsers; cooldowns and orders to cancel; backfills that were under
// way, which are stalled and have to be started anew; an edit that was so late that
// the first marks had passed its effect before they heard of it: its fires until
// then have no row; that a run was cancelled or expired while the backup was made, which
// comes to be called lost. Whatever changed after the backup is gone, so keys that were
// revoked since are good again.
package backup
