// Package ring keeps the last events of a numbered series, for many readers
// that each go at their own speed.
//
//	     first                         last
//	───────┼─────────────────────────────┼───▶ sequence
//	       │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
//	             ▲              ▲         ▲
//	          cursor         cursor    cursor (waiting)
//
// A reader is a [Cursor]: a position in the one ring, not a queue of its own. So
// a reader costs nothing while it waits, an event is stored once however many
// read it, and a slow reader can hold nobody up: it is overtaken, and told so.
//
// The series has no holes between first and last. Where the source skips a
// number, events were lost on the way here; nobody can be served across that
// place, so the ring empties itself and a new series begins. Every reader learns
// of it by a [Reset], which means: load the state anew, then go on from there.
//
// The package knows no network and no clock.
package ring
