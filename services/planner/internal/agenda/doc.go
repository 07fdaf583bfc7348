// Package agenda knows every job and, for the partitions that its planner owns,
// which fire comes next.
//
// A job is a short line of revisions, each holding from its effective instant
// until the next one's, and a cursor: the fire time up to which the job has been
// planned. The next fire is a function of these two and nothing else; it is
// never derived from the last run.
//
//	revisions   ──[ 1 ]────────────[ 2: edited ]──────[ 3: deleted ]──▶ time
//	fires          ×    ×    ×    ×   ×  ×  ×  ×  ×  ×
//	                         ▲ cursor
//
// The jobs of owned partitions that have a next fire sit in a heap, ordered by
// fire time and then by job id: the order of the marks. Jobs of other partitions
// are held too, without a next fire, so that a takeover has nothing to load.
//
// # News that comes late
//
// A revision should be there before its effective instant. After an outage it
// may come later, when its job has been planned beyond that instant already:
//
//	planned under 1   × × × × × ×│
//	revision 2              [ ×  × │×  ×  ×
//	                        ▲      until
//	                        cursor goes back to here
//
// What ran, ran. The fires of the new revision since its instant are still to be
// planned; those that coincide with a fire planned under the old one are the same
// run, and are not planned again. So a job remembers, beyond its cursor, under
// which revision it had been planned and how far. Pause, resume and deletion are
// revisions like any other.
//
// Which revisions were known when something was planned is exact: the mark holds
// the sequence in JOBS that its planner had seen. A successor that resumes from
// a mark plays the revisions beyond that sequence as if they had just come in,
// so a takeover and a live planner do the same. What a mark cannot say by its
// place alone it lists as [wire.Progress]: of jobs that lag it, and of jobs that
// did within the last hour, because further news could go back once more. News
// does not reach behind the mark's floor, an hour before the mark.
//
// # A million jobs
//
// A job costs about a kilobyte, most of it its target. What many revisions have in
// common is kept once: compiled schedules (see package schedule) and [Terms]. The
// call is put together when a run needs it, from JSON that was never read.
//
// What is left out: revisions that came while no planner ran for a day, or of
// which there were more than JOBS keeps. Their fires have no row.
//
// An Agenda belongs to one goroutine. It knows no clock and no network.
package agenda
