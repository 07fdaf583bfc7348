// Package schedule answers one question: when does this fire?
//
// A [Spec] is the `schedule` part of a job document. [Spec.Compile] checks it,
// naming every faulty field, and returns a [Schedule]: an ordered set of
// instants that is searched forward ([Schedule.Next]), backward
// ([Schedule.Prev]) or walked ([Schedule.Between]). Planner, preview, audit and
// forecast all use it, so they agree. The package is pure: it reads no clock,
// keeps no state but a cache of time zones and one of compiled schedules, and
// equal specs with equal seeds give equal instants in every process.
//
// # The contract on clock changes
//
// What a schedule means decides what a change of the clocks does to it.
//
//	means              | which                            | clocks jump over a fire      | clocks show a fire's time twice
//	elapsed time       | every; FREQ=HOURLY and shorter;  | nothing is made up           | fires both times
//	                   | cron whose hour begins with "*"  |                              |
//	wall-clock time    | any other cron and rrule         | as dst.gap says              | as dst.repeat says
//	one instant        | at                               | –                            | –
//
//	dst.gap=run_after  | (default) all fires that one gap swallowed become one, at the first
//	                   | instant after the gap; none is added if one is due then anyway
//	dst.gap=skip       | swallowed fires do not happen
//	dst.repeat=first   | (default) a repeated local time fires in its first copy only
//	dst.repeat=second  | … in its second copy only
//	dst.repeat=both    | … in both
//
// In Europe/Berlin, where 02:00 to 03:00 is missing on 2026-03-29 and comes
// twice on 2026-10-25:
//
//	cron           | 29 March                           | 25 October
//	30 2 * * *     | 03:00, once                        | 02:30 summer time, once
//	*/15 2 * * *   | 03:00, once                        | four times, in summer time
//	0 2,3 * * *    | 03:00, once                        | 02:00 summer time, and 03:00
//	0 * * * *      | 01:00, then 03:00, an hour later   | 02:00 summer time, 02:00 winter time
//	0 */2 * * *    | 00:00, then 04:00                  | 00:00, 02:00 twice, 04:00
//	0 0-23 * * *   | as wall-clock time: 03:00 once     | 02:00 once
//
// The same rules hold for jumps of half an hour (Lord Howe), over midnight
// (São Paulo), and over a whole day (Apia, 30 December 2011).
//
// The cron of a blackout follows no policy: its window opens right after a gap
// and in both copies of a repeated hour, unless it opens in every hour anyway.
// What must not run then is never let through by a change of the clocks.
//
// # Zones
//
// The time zone database is the machine's, and where it has none, the one in the
// program: an operating system is updated sooner than a program is built anew. The
// container image has none, so equal images agree.
//
// The zone of a schedule is its timezone; where that is empty, the one that its
// rule, or all rules of any_of, name (CRON_TZ=, TZID=); else UTC. Blackouts and
// words follow it. A timezone beside another zone in cron or rrule is refused.
//
// # Cron
//
// Five fields, six with seconds before them, seven with a year (1970-2199)
// after them. Names, ranges, ranges that wrap around ("22-2", "FRI-MON"),
// steps and lists work everywhere; 0 and 7 are Sunday; "N/step" runs from N to
// the end of the field, which is Saturday for weekdays. Beyond that:
//
//	L, L-2         | the last day of the month, two days before it
//	15W, 1W, LW    | the weekday nearest the 15th, the first, the last; within the month
//	FRI#3, 5#3     | the third Friday
//	5L, FRIL, 5#L  | the last Friday
//	?              | a star, in one of the day fields
//	H, H(0-29)     | one number of the field or range, fixed by the seed
//	H/15           | every 15, from a number fixed by the seed
//	@hourly        | and @daily, @midnight, @weekly, @monthly, @yearly, @annually
//	CRON_TZ=Zone   | before the fields: the time zone; TZ=Zone too
//
// H spreads jobs as evenly as chance does. Of 10,000 jobs with random ids the
// fullest minute has 1.18 times the mean at the median, and 1.25 times in one set
// of twenty, because no function of a single id can know of the others. Counted
// names are not better than that: "backup-1" to "backup-10000" have 1.21.
//
// Day-of-month and day-of-week work together as in POSIX and every crontab: if
// both are restricted, a day that matches either is enough. A field that begins
// with a star (or is "?") is not restricted, steps or not; then both must
// match, so "0 0 1-7 * */7" is the first Sunday of the month. An expression
// that no day of the range can match is refused.
//
// go-cron reads the fields. Where it is too generous, or steps wrongly around
// the end of the week, our rules come first; H and the year are ours.
//
// # Recurrence rules
//
// RRULE is RFC 5545, read by rrule-go and searched by this package, because a
// search from DTSTART on gets ever longer. Refused, with the reason: what the
// RFC forbids, BYSETPOS over several times a day, and BYHOUR, BYMINUTE and
// BYSECOND on rules of hours or less. DTSTART itself is a fire only if it
// matches. An anchor in the second copy of a repeated hour starts there; a
// DTSTART that the clocks jump over keeps its time of day for the days after.
// An EXDATE that is a date beside a time of day would exclude nothing: refused.
//
// # From a rule to a fire
//
// A rule gives nominal instants. They pass, in this order:
//
//  1. any_of: fires of several rules at one instant are one fire.
//  2. spread: every fire is delayed by the job's own, stable share of a
//     duration or of the interval to the next fire.
//     [Adapted] can put another offset, and another interval, in the place of these.
//  3. start: what would fire before it does not.
//  4. blackouts: a fire in a window is skipped, or deferred to the window's end,
//     where all deferred ones are one fire. Windows of one policy that touch or
//     overlap are one. Skipping wins where both apply, also at that end.
//  5. end and max_runs: what would fire later does not.
//
// A fire time is the instant that comes out; [Schedule.Nominal] leads back.
//
// # The engine
//
// Civil time is an integer, the reading of a local clock counted in seconds. An
// expression is a set of bits per field, searched by jumping to the next set
// bit of month, day, hour, minute and second. A zone is a table of stretches of
// constant offset, in which instant and civil time differ by a constant; only
// at their seams does the contract above decide. A search allocates nothing.
//
// Rare patterns are searched as fast as common ones. Which of the 28 kinds of
// years (weekday of 1 January, leap years around it) have a chosen day is worked
// out once, so that a search is led past all others; rules that need a whole
// year to choose (BYSETPOS, BYWEEKNO, BYYEARDAY) keep their days by kind of year;
// excluded fires in a row are one hole; and stretches before the next member
// are not visited.
//
// So time is bounded for every spec, hostile ones too: input is limited in
// length and range, the calendar ends with the year 2199, Compile spends a fixed
// effort on lists, counts and calendars, and surveys the blackouts. Windows that
// touch are passed in rows, whole years at once; a row that takes long to walk,
// and a time in which windows swallow every fire, is found by the survey and
// passed in one step. No search gives up: what is too much to survey, because
// windows that do not touch swallow every fire for months or begin hundreds of
// times a day, is refused by Compile. So false from Next means that no later fire
// exists.
//
// Equal specs are compiled once, while their schedule is in use: of a million jobs
// most have schedules that others have too. What depends on the seed is kept
// apart: an H is the number it stands for, and schedules that differ by the share
// of a spread alone have everything else in common.
//
// # Where things are
//
// One package, because rules, words and warnings share the civil calendar and
// the pattern, and nothing of that is for others. Files named cron… read and
// write cron expressions, rrule… and recurrence recurrence rules, icalendar…
// calendars; pattern, wall and zone are the engine; source, spread, blackout,
// window, row…, search and survey lead from a rule to a fire; key tells what can
// share one compiled schedule; describe and
// …words say it, and warnings and …warnings warn.
//
// # What it leaves out on purpose
//
// Sub-second fires, leap seconds, years outside 1970-2199, "@reboot", the
// Windows names of time zones that Outlook writes into calendars ("W. Europe
// Standard Time": write "Europe/Berlin" instead), and anything that depends on how
// earlier runs went.
package schedule
