// Package lease spreads the partitions over the planners that are alive.
//
// Every planner keeps one key of its own in the bucket, as a sign of life, and
// one key for each partition it plans. Keys expire unless renewed. From what it
// sees in the bucket a planner knows its fair share, ⌈partitions ÷ planners⌉; it
// takes free partitions up to that, and gives up what it holds beyond it, so
// that a newcomer finds its share within a moment and nothing else moves.
//
//	          free, below share: create                 above share,
//	┌──────┐ ──────────────────────────▶ ┌──────┐       or shutdown: delete
//	│ free │                             │ held │ ──────────────────────────▶ free
//	└──────┘ ◀────────────────────────── └──────┘
//	          not renewed for the TTL       │ ▲
//	                                        └─┘ renewed four times in a TTL
//
// The view does not rest on hearing that a key has run out: that news is itself
// short-lived, and can be lost while a server restarts. Keys are written twice a
// second, so one that has fallen silent for longer than the TTL is gone.
//
// A lease is about who bothers to plan, never about who may: that is the mark's
// check (package commit). So a planner that has not been able to renew simply
// stops by its own clock, and if it does not, nothing breaks.
package lease
