// Package agenda knows every job and, for the partitions that its planner owns,
// which fire comes next.
//
// A job is a short line of revisions, each holding from its effective instant
// until the next one's, and a cursor: the fire time up to which the job has been
// planned. Pauses of its namespace, and of everything, are lines of the same
// kind; while one is on, there are no fires. The next fire is a function of these
// and nothing else; it is never derived from the last run.
//
//	revisions   ──[ 1 ]────────────[ 2: edited ]──────[ 3: deleted ]──▶ time
//	pauses      ─────────[ on ]─[ off ]───────────────────────────────▶
//	fires          ×    ×           ×   ×  ×  ×  ×  ×
//	                    ▲ cursor
//
// The jobs of owned partitions that have a next fire sit in a heap, ordered by
// fire time and then by job id: the order of the marks. Jobs of other partitions
// are held too, without a next fire, so that a takeover has nothing to load.
//
// # News that comes late
//
// A revision, or a pause, should be there before its effective instant. After an
// outage it may come later, when planning has passed that instant already:
//
//	planned by what was known   × × × × × ×│           a reach
//	late revision                     [ ×  × │×  ×  ×
//	                            ▲
//	                            planning goes back to here
//
// What ran, ran. The fires of the new revision since its instant are still to be
// planned; those that coincide with a fire planned before are the same run, and
// are not planned again.
//
// What was planned is never listed. It is a function: [wire.Reach] says that
// every fire up to some point, by what JOBS held up to some sequence, has been
// planned; and JOBS keeps what it held. So the mark is a reach, and when news
// makes it go back, it keeps the reach that it had beside the new one. Each job's
// cursor follows from the reaches: as far as one goes, or until the first news
// that it had not seen begins. A fire beyond the cursor has been planned if some
// reach covers it, and the job had that fire by what the reach had seen.
//
// That is as exact for one late edit as for the end of a pause of a million jobs,
// and it takes one entry in the mark either way. A planner that takes over and one
// that lives compute the same from the same mark.
//
// Reaches are forgotten when the mark has passed them by an hour, or when there
// are too many; the mark's floor says how far, and news does not reach behind it.
// What JOBS does not keep any more, because a job was changed more often than it
// keeps revisions, counts as planned: rather a fire without a row than one twice.
//
// # Queues
//
// Which queue a fire's run goes to is not part of a revision where queues have
// rules for hosts: it follows from the rules as they are when the fire is decided.
// So a rule that changes costs no job a revision. Unlike a revision, a rule holds
// from no instant, and a planner that hears late routes late.
//
// # A million jobs
//
// A job costs about a kilobyte, most of it its target. What many revisions have in
// common is kept once: compiled schedules (see package schedule) and [Terms]. The
// call is put together when a run needs it, from JSON that was never read.
//
// An Agenda belongs to one goroutine. It knows no clock and no network.
package agenda
