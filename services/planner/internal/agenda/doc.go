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
// A cursor can lag the mark of its partition: news of a job that arrives late,
// after an outage, makes fires due that lie before the mark. [Agenda.Behind]
// lists those jobs, and the mark carries the list, so that a successor knows.
//
// An Agenda belongs to one goroutine. It knows no clock and no network.
package agenda
