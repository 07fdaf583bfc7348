// Package clock says whether this machine's clock may be planned by.
//
// Planners decide what is due by their own clocks, and any of them may take over
// from any other. So their clocks have to agree; the NATS server's is the one
// that all can see. A [Guard] compares in two ways:
//
//	with the server   every few seconds: server's time against the middle of
//	                  the question's round trip, uncertain by half of it
//	with itself       before every plan: time of day against the steady clock,
//	                  which nobody can set, since the last comparison
//
// The first is as good as the link, so the best of the last few answers counts:
// that of the shortest round trip. Its skew has an uncertainty, and a clock is
// trusted, or distrusted, only where that leaves no doubt.
//
// The second finds a clock that was set at once, before anything is planned
// early by it, without asking anybody; it cannot tell a wrong step from a right
// one (or from a machine that slept), so nothing is planned until the server has
// been asked.
//
//	┌────────────────────┐   skew > Limit, for sure      ┌─────────┐
//	│ not trusted:       │ ◀──────────────────────────── │         │
//	│                    │   set by > Limit              │         │
//	│ unknown   suspect  │ ◀──────────────────────────── │ trusted │
//	│ wrong     unclear  │                               │         │
//	│                    │ ────────────────────────────▶ │         │
//	└────────────────────┘   skew ≤ Limit/2, and         └─────────┘
//	                         ≤ Limit for sure
//
// A clock is unknown at first, and suspect after a step. An answer that does not
// make it trusted makes it wrong; or unclear, where the link to the server is so
// slow that the clock may as well be right. An answer that leaves doubt takes no
// trust away: without a step, a clock that was right wanders off slowly.
//
// A clock that goes back makes planners late, never plan twice: what is planned
// is a matter of marks, which no clock moves back. One that goes forward would plan
// early, which nothing undoes; that is what the package is for.
//
// The package is pure: it is given all readings. What it leaves out: which of
// the two clocks is right.
package clock
