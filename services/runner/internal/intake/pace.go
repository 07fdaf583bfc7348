package intake

import (
	"time"

	"golang.org/x/time/rate"
)

// Pace is how fast messages may be taken from a consumer, over all its intakes:
// in any span t at most Burst + PerSecond·t. The consumer has one priority group,
// Group, with the policy pinned_client, so the server serves one intake at a time.
type Pace struct {
	Group     string
	PerSecond float64
	Burst     int
}

// never is a wait that no timer ends.
const never = time.Duration(-1)

// pace counts what may be taken now, if it is this intake that is served. A token
// is room for one message; they come with time, up to the burst.
//
// Tokens are asked for, and spent when a message arrives: so what has been asked
// for never exceeds what there is, and an idle request loses nothing. A message that
// turns out to need none gives its own back.
type pace struct {
	Pace
	tokens *rate.Limiter
	pin    string // by which the server knows the intake it serves; "" for none
}

// newPace returns a pace without tokens.
func newPace(terms Pace, now time.Time) *pace {
	p := &pace{Pace: terms, tokens: rate.NewLimiter(rate.Limit(terms.PerSecond), terms.Burst)}
	p.drain(now)
	return p
}

// change sets other terms.
func (p *pace) change(terms Pace, now time.Time) {
	p.Pace = terms
	p.tokens.SetLimitAt(now, rate.Limit(terms.PerSecond))
	p.tokens.SetBurstAt(now, terms.Burst)
	p.drain(now)
}

// drain takes all tokens; those that messages wait for are still to come first.
func (p *pace) drain(now time.Time) {
	if p.tokens.TokensAt(now) >= 0 {
		p.tokens = rate.NewLimiter(p.tokens.Limit(), p.tokens.Burst())
		p.tokens.AllowN(now, p.Burst)
	}
}

// next is how many messages to ask for now, beside those that are asked for, with
// so much room; and, if none, after which wait there may be some: or never, until
// something else happens. Requests double, so that an idle intake makes few.
//
// One that is not served asks for one message: with it comes the news that it is.
func (p *pace) next(asked, free int, now time.Time) (n int, wait time.Duration) {
	if p.pin == "" {
		return max(0, min(1-asked, free)), never
	}
	wanted := min(max(1, 2*asked), asked+free, p.Burst)
	if wanted <= asked {
		return 0, never
	}
	tokens := p.tokens.TokensAt(now)
	if tokens >= float64(wanted) {
		return min(int(tokens), asked+free) - asked, 0
	}
	return 0, max(collect, time.Duration((float64(wanted)-tokens)/p.PerSecond*float64(time.Second)))
}

// spend takes a token for a message that came under a pin, and returns how long
// the message has to wait for it. A new pin begins without tokens: the intake that
// was served before may have spent its last a moment ago. So its first message
// waits, and any that was asked for before there was a pace.
func (p *pace) spend(pin string, now time.Time) (wait time.Duration) {
	if pin != "" && pin != p.pin {
		p.pin = pin
		p.drain(now)
	}
	return p.tokens.ReserveN(now, 1).DelayFrom(now)
}

// giveBack takes back the token of a message that came under a pin and was of no
// use. Under another pin, or without one, it is a token of the past.
func (p *pace) giveBack(pin string, now time.Time) {
	if pin != "" && pin == p.pin {
		p.tokens.ReserveN(now, -1) // the burst still bounds them
	}
}

// keeps reports whether an intake with so much room has a use for being served: to
// take more, or for messages that wait for their tokens.
func (p *pace) keeps(free int, now time.Time) bool {
	return p.pin != "" && (free > 0 || p.tokens.TokensAt(now) < 0)
}
