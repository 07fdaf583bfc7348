// Package retention removes runs that need not be kept any longer: the rows of
// runs and attempts, and never a definition.
//
// # For how long
//
// The table retention says it in days, by namespace and by state. A run is kept
// for that long after the end of the day of its fire time. One that was recorded
// later than on the day after that, such as a backfill's, is kept from when it was
// recorded: what somebody has just had run does not vanish because it is about
// long ago.
//
// # How
//
// One recorder at a time sweeps, on a connection of its own, and remembers while it
// is its turn what it has done to the end. For a moment two may have their turn, so
// a sweep has an advisory lock besides. It looks at every day beyond the shortest
// retention, and what it does with one depends on how much of it must go:
//
//	all        both tables are dropped
//	most       what stays is copied, and the copies take the tables' places
//	some       rows are deleted, a few pages at a time, with pauses
//
// The default keeps what went wrong for longer than what succeeded, so most of a
// day goes first and the rest later. Deleting most of a day's rows would cost
// more than copying the others, and give no disk space back.
//
// # Nobody waits
//
// A day is judged, and copied, under a lock that only keeps writers of that very
// day out, of which there are next to none. So nothing is recorded between the
// judgement and the removal. Dropping and exchanging tables needs all of runs and
// attempts for a few milliseconds. That lock is waited for no longer than
// lockTimeout, because everybody else waits behind whoever waits for it; then the
// whole day is given up, and tried again. A reader that takes long, such as an
// audit or a backup, therefore puts retention off, and nothing else; so does a vacuum or
// an index build of that very day, and not one of another. Postgres
// removes the files after it has given up the locks.
//
// DETACH PARTITION CONCURRENTLY would wait for readers without keeping others
// out. But it cannot be one transaction with the judgement, and while it lasts,
// and after a crash in it, an event of that day has no place to go.
//
// # What others must know
//
// An audit cannot tell a run that was removed from one that never was. So the
// horizon of each namespace that loses runs is raised in the same transaction, or
// before rows are deleted. It stays if the retention is made longer later.
//
// Nothing is removed on the word of one clock: the earlier one of this machine's
// and the database's counts. Without settings, nothing is removed at all.
package retention
