// Package ledger writes what became of runs: the tables runs and attempts,
// and the statistics of jobs.
//
// It is a join of events. A run's events may come late, twice, in any order and
// through several recorders at once; the row that is left depends only on the
// set of events that came, never on how they came. For that, the events of one
// run are totally ordered by how much they say ([later]), and a row only ever
// changes to a later event. The order is
//
//  1. open < missed < skipped < expired < cancelled < lost < failed < succeeded:
//     an end beats a life, a call beats a decision not to call, and an answer
//     beats the lack of one. A call that is repeated because its runner died may
//     end twice; the target's yes then stands, whatever came after it;
//  2. the number of attempts;
//  3. queued < running < retrying;
//  4. the instant of the end, to the microsecond that Postgres keeps;
//  5. with a reason after without: a run that goes on running for one says so.
//
// Two events equal in all five tell of the same end. Every event says all that
// earlier ones said, so the winner's row replaces the other as a whole.
//
// Attempts are ordered too: one with an answer beats one without, then the one
// that ended last stands, then one that says why it failed.
//
// The first attempt of a run that succeeded with it has no row of its own, unless
// its answer had a body: the run's row says when it was and what status came.
// Where answers are empty, that is half of what Postgres would have to do. Such an
// attempt that repeats one which failed for another runner leaves that row as it
// is; readers go by the run's row then.
//
// Both tables are written by one statement. Rows are sorted by key, so recorders
// side by side lock rows in one order and do not deadlock; and each key comes
// once, as Postgres refuses to touch a row twice in a statement.
//
// # Statistics
//
// The same transaction keeps job_stats up to date (see shared/jobstat). The
// statement returns the ends that the ledger did not know, so an end counts once,
// whoever records it and however often. A row that told of another end before
// keeps that in its columns was_…, because Postgres 15 cannot return the row that
// an upsert replaces; the statistics take it out. Arithmetic is done here, not in
// SQL: they are read and written back under a lock that one recorder holds at a
// time, from the read to the commit, after its runs are written. Another writes
// its runs meanwhile.
//
// # Partitions
//
// Runs and attempts are partitioned by UTC day of the fire time. Partitions are
// made ahead, and for stray days when they come; dropping them is not done here.
package ledger
