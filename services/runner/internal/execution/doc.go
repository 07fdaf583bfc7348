// Package execution takes a run through its call: from the message that a queue
// delivers to the outcome that the ledger keeps.
//
//	ready message ─▶ call ─▶ verdict ─┬─ ended ────▶ outcome stored ─▶ message acknowledged
//	                  ▲               ├─ long wait ─▶ retry parked ──▶ message acknowledged
//	                  └───────────────┴─ short wait, in the slot
//
// The order is the safety argument. A message is acknowledged only after the
// server has stored what came of it, so whatever dies in between, the message
// comes back; it is called again under the same id and records the same row. And
// a retry is stored before its original goes, so the run is in the stream at
// every instant: that is what the overlap check looks at.
//
// A retry is parked in the stream, as a scheduled message (ADR-51 of NATS) that
// turns into a ready message when it is due. It holds no slot, and outlives every
// runner. Waits below the server's floor are waited out in the slot. A run whose
// host is not to be called now (package gate) is parked likewise, for the same
// attempt.
//
// A runner may die after it has parked a retry and before the original is
// acknowledged. The original then comes back, after the ack wait, to a runner
// that knows nothing of it. If the retry is still parked, the original is only
// acknowledged. If the retry has become ready before that, as one with a delay
// below the ack wait has, nothing cheap tells: its ready message shares a subject
// with the job's other runs. The original's attempt is then called again, under
// the same id, and may park the next one again. So a target can see more calls
// of a run than its attempts, even two at a time; the ledger keeps one row.
//
// Where a queue has a rate, each attempt takes its turn at it: what is to be tried
// again is parked however short its wait, and comes back with a token.
//
// A run whose first call comes later after it was planned than its job's deadline
// expires without one. Only its first delivery can tell, and those after a hold: one
// that came back for want of an answer may have been called. No hold outlasts the
// deadline.
//
// A target that answers 202 to a call that wants a callback has taken the run on
// (package callback). The run is parked in the place of a retry until the time
// for the callback is over, or until the callback wakes it. Then it comes back, not
// through its queue, for nothing is called; and the attempt ends as the report says
// that stands in the book by then.
//
// A cancelled run ends where it is (package cancellation): its context ends, and
// with it the call or the wait. Its outcome is stored first and its parked retry
// removed after, so what dies in between leaves a run that is cancelled once more.
// An attempt that had ended the run by then counts: it is recorded as it ended.
//
// A message that has been delivered too often has probably taken its runners
// down with it. It is not called again, but recorded as lost. All deliveries of an
// attempt count, before it was held and after, also those that a runner handed back
// when it was stopped: the server keeps one number for both, and to publish such a
// run anew would risk to have it twice. So a call longer than the grace that meets
// four stops in a row is lost.
package execution
