// Package alert decides when something about a job is worth an alert. It is pure:
// what is known goes in, with the time; what has changed comes out.
//
// # Levels, not events
//
// An alert is a state of a job, one for each kind: something is wrong, or is not.
// [Judge] says which, from the job's statistics alone, so it may be asked at any
// time, by several recorders, twice or too late: the answer is the same, and what is
// not told today is told by the next look. Nothing that must not be lost is
// kept in memory.
//
// Some kinds go by the last run that was called, not by the last fire: a run that takes
// too long is why the fires after it are skipped, and their rows come before its end.
//
// What comes and goes between two looks would be overlooked. So what runs that ended
// had to say is kept until the next look ([Evidence]); it can only add an alert that
// is over at once, or one of a fire that was missed since the last call. It is lost
// with its recorder, and that much may be lost.
//
// # One incident
//
//	     firing, again within FlapWindow
//	  ┌──────────────────────────────────┐
//	  ▼                                  │
//	open ──── quiet, brief ────────▶ ended ◀── brief ──┐
//	  ▲                                  │             │
//	  └──────────── firing ───────── (a new one) ──────┘
//
// An [Incident] is what people hear of: it begins, and it ends. What has ended and
// begins again soon is the same incident once more, counted; so a job that flaps
// makes one incident, and not a thousand. Each remembers the newest fire time that it
// has seen. What is not newer, such as the end of a run that is told again, opens
// nothing. Whoever applies [Incident.Step] must be alone with the incident meanwhile.
package alert
