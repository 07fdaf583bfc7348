// Package backfill says which fires of the past are to be run.
//
//	revisions ──▶ fires of the range ──┐
//	                                   ├──▶ those that the mode wants ──▶ one message
//	ledger ─────▶ how each fire stands ┘
//
// The fires of a range are those that the audit expects, by the same engine:
// the ones that the revisions then in force called for. So time for which the job
// was paused, deleted or not there yet has none. Whoever wants fires of such a time,
// classically those of the month before a job was created, asks for those of the
// job's current schedule.
//
// How a fire stands is the best that any of its runs came to, that of the
// schedule or that of a backfill before:
//
//	under way   a run has not ended, or its end has no row yet, or it is still to
//	            come: the planner has yet to decide the fire, or holds it, or an open
//	            backfill has not run it
//	succeeded
//	failed      or cancelled
//	skipped     decided against: overlap, blackout
//	a gap       a run that never got to its end: missed, expired, lost
//	a hole      no run
//
// The mode unexplained wants the last of these, gaps wants gaps too, failed wants
// failed too, all wants everything but what is under way: no mode ever runs a fire
// beside itself.
//
// # What it cannot see
//
// Of days that the ledger no longer keeps, nobody knows what ran. A fire of such a
// day, at which the job existed, is unknown, and only the mode all wants it.
//
// The package is pure: it knows no database and no clock.
package backfill
