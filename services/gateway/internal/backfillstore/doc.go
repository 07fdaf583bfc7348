// Package backfillstore starts and stops backfills, and says how far they are.
//
// A backfill is a row with its fires, a line in the audit log, and one message for
// the planner in the outbox, written in one transaction. From then on the planner
// goes by the message alone; it ends the message when all runs have been handed
// out. Nobody writes progress down: the ids of the runs follow from the backfill's
// id and its fires, and the ledger says what became of each.
//
//	running ──▶ draining ──▶ ended        handed out; then all runs have ended
//	   │ └────▶ cancelled                 runs that are queued already are left
//	   ▼
//	stalled                               JOBS has lost the message
//
// # Twice the same range
//
// Backfills of one job are chosen one after the other, under a lock that lasts
// until the row is committed. The fires of an open backfill that have no run yet
// count as under way. So of two that ask for the same gaps at once, the second
// gets none. A cancelled backfill is open until planners have heard of the cancel:
// while the news is in the outbox, and for a minute after.
//
// # A lost message
//
// A stream JOBS that was lost or restored is rebuilt from Postgres, but for
// backfills: which runs had been handed out is not in Postgres, and a run that
// waits in its queue would be handed out again. A backfill that JOBS does not hold
// has stalled, and stays so. Another one of the same range runs what it left.
package backfillstore
