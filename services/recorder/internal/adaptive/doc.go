// Package adaptive decides how a job is rescheduled: a pure function of the job's
// document, its statistics and the time.
//
// # What it may do
//
// The owner's schedule is never touched. What is decided stands beside it, as
// schedule.adapted, and takes its place: an interval that is a multiple of the
// owner's, never longer than the owner's max_interval; and an offset within the
// owner's spread. So the owner's interval is remembered where the owner wrote it,
// and giving a job back is leaving schedule.adapted out.
//
// Only schedule.every has an interval to stretch. A cron expression names its
// instants: every second one of them would be another schedule than the owner
// wrote, and which of them that is would depend on where the count begins.
//
// # The interval
//
//	           3 failures in a row, or half of all runs
//	           fail, or a run takes 0.8 of the interval
//	         ┌──────────────────────────────────────────▶ stretched: twice the
//	healthy ─┤                                            interval, up to the bound
//	         ◀──────────────────────────────────────────┘
//	           3·2ʳ successes in a row at this interval, and
//	           a run takes at most 0.4 of the shorter one
//
// That does not oscillate, for four reasons. What a change rests on has to be seen
// under the revision that is changed: as many fires of its own as it takes. The two
// thresholds for slowness are a factor of two apart, as far as a step goes, so the
// one that is crossed by a step back is not crossed by that step. Each relapse,
// which is a stretch after a step back, within a day doubles the patience with
// which the next step back waits: r counts them, to 6 at most. So a job that only
// bears a longer interval stays at it, and tries a shorter one ever more rarely. And
// no job is changed more than [maxChanges] times in a day, whatever its runs do.
//
// There is no memory but the job's own revisions: the relapses are counted in
// those of the last day.
//
// # Crowded seconds
//
// A [Crowd] counts the fires of one hour by their second in the hour. A job that
// fires in a crowded one is moved within its spread to a second with at most half
// as many, once a day at most. Each move is counted before the next is decided, and
// jobs come in the order of their ids: equal jobs are moved equally, wherever it
// is worked out. A move takes a fire from a second to one with fewer, so the sum of
// the squares of all counts gets smaller with each, and moving comes to an end.
//
// What it leaves out: jobs that fire more often than once in 36 seconds, which
// crowd all seconds alike, and days on which an hour is another than the one that
// was counted.
package adaptive
