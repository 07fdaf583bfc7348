// Package breaker says whether a host that has failed again and again is worth
// another call.
//
//	closed ──trip──▶ open ──after a while──▶ one probe ──good──▶ closed
//	                  ▲                          │
//	                  └───────────bad────────────┘
//
// Only failures in a row count; a single good call closes it. A host that does not
// answer is worth less patience than one that answers with an error: its calls
// hold their slots for long, while an error may be one endpoint's alone.
//
// The longer a host has been away, the longer the others are told to wait, up to
// a minute; each that comes back after the probe's time is the next probe.
//
// It is our own because it has to say how long to wait: the libraries of the
// field say only yes or no.
package breaker

import "time"

// Result is what a call says of its host.
type Result int

// The results.
const (
	Unknown Result = iota // cut off from this side
	Good
	Error  // an answer that the host is out of order
	Silent // no answer
)

const (
	// trip is the weight of failures in a row that opens a breaker.
	trip = 20
	// silence is the weight of a call without an answer: five in a row are enough.
	// An answer such as 500 weighs 1.
	silence = 4
	// probeEvery is how long after a failure the next probe goes.
	probeEvery = 5 * time.Second
	// longest bounds a wait.
	longest = time.Minute
)

// Breaker is the state of one host; the zero value is closed. It is not safe for
// concurrent use.
type Breaker struct {
	weight   int // of the failures in a row
	openedAt time.Time
	probeAt  time.Time
	probing  bool
}

// Idle reports whether there is nothing to remember.
func (b *Breaker) Idle() bool { return *b == Breaker{} }

// Wait returns how long a call has to wait; 0 if it may be made now.
func (b *Breaker) Wait(now time.Time) time.Duration {
	if b.openedAt.IsZero() || !b.probing && !now.Before(b.probeAt) {
		return 0
	}
	patient := min(max(now.Sub(b.openedAt)/4, probeEvery), longest)
	return max(patient, b.probeAt.Sub(now))
}

// Begin notes that a call is made. While the breaker is open it is the probe.
func (b *Breaker) Begin() { b.probing = !b.openedAt.IsZero() }

// End notes what came of a call. One that began before the breaker opened only
// counts if it is good.
func (b *Breaker) End(began, now time.Time, result Result) {
	if result == Good {
		*b = Breaker{}
		return
	}
	if began.Before(b.openedAt) {
		return
	}
	b.probing = false
	switch result {
	case Silent:
		b.fail(now, silence)
	case Error:
		b.fail(now, 1)
	}
}

func (b *Breaker) fail(now time.Time, weight int) {
	b.weight = min(b.weight+weight, trip)
	if b.weight < trip {
		return
	}
	if b.openedAt.IsZero() {
		b.openedAt = now
	}
	b.probeAt = now.Add(probeEvery)
}
