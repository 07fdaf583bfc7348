// Package backfill knows the fires of the past that somebody asked for again, and
// says which of them may be handed out now.
//
// A backfill is a list of fires in JOBS, and how many of them have been handed out
// is a number in the mark of its job's partition. The number moves in the same
// commit as the runs, so each fire of the list is handed out once, by the argument
// that holds for all marks; see package commit.
//
//	JOBS   [ f1 f2 f3 f4 f5 … ]      ended ──▶ forgotten
//	mark      └ 2 handed out
//
// They are handed out no faster than the backfill's rate, in the lane low, when
// nothing else is due, and one at a time if the job's runs may not overlap. One in
// flight is in the way of the job's own fires as any run is. So a backfill that finds
// its job busy waits, and so does it for a fire of the job that is held; and a fire
// that would be skipped for it waits instead (package plan).
//
// When all are handed out, or the job is gone, the planner ends the backfill by a
// last message in its place. The number stays in the mark until that has been seen.
//
// A [Register] belongs to one goroutine. It knows no clock and no network. What it
// leaves out: how many have been handed out within the last second is forgotten at a
// takeover.
package backfill
