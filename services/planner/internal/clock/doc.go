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
// The second finds a clock that was set at once, before anything is planned
// early by it, without asking anybody; it cannot tell a wrong step from a right
// one (or from a machine that slept), so nothing is planned until the server has
// been asked.
//
//	             skew > Limit                  stepped by > Limit
//	┌───────┐ ◀──────────────── ┌──────────┐ ──────────────────▶ ┌─────────┐
//	│ wrong │                   │ trusted  │                     │ suspect │
//	└───────┘ ────────────────▶ └──────────┘ ◀────────────────── └─────────┘
//	             skew < Limit/2         ▲      skew < Limit/2       │
//	     ▲                              └─ first comparison         │
//	     └──────────────────────────────────────────────────────────┘
//	                            skew ≥ Limit/2
//
// A clock that goes back makes planners late, never plan twice: what is planned
// is a matter of marks, which only go forward. One that goes forward would plan
// early, which nothing undoes; that is what the package is for.
//
// The package is pure: it is given all readings. What it leaves out: which of
// the two clocks is right.
package clock
