package clock

import "time"

// remembered is how many answers the best is chosen of, as NTP's clock filter
// does (RFC 5905, section 10).
const remembered = 8

// answer is what the server said its time was, against this machine's steady
// clock. That one is never set, so an answer stays good when the time of day is.
type answer struct {
	zero      time.Time     // the server's time when the steady clock stood at nothing
	uncertain time.Duration // by how much it may be off, either way
}

// newAnswer reads a server's time, asked for and received at two readings, as
// that of the middle between them.
func newAnswer(sent, received Reading, server time.Time) answer {
	return answer{
		zero:      server.Add(-(sent.Steady + received.Steady) / 2),
		uncertain: (received.Steady - sent.Steady) / 2,
	}
}

// skew is by how much a time of day is ahead of the server's.
func (a answer) skew(now Reading) time.Duration { return now.Wall.Sub(a.zero) - now.Steady }

// agrees reports whether two answers can both be right.
func (a answer) agrees(b answer) bool { return a.zero.Sub(b.zero).Abs() <= a.uncertain+b.uncertain }

// answers are the last few, the newest at the end.
type answers []answer

// add takes an answer in and returns the best: that of the shortest round trip.
// Those that the newest one contradicts are dropped: the server's clock was set
// since, or this machine slept.
func (all *answers) add(newest answer) (best answer) {
	best = newest
	kept := (*all)[:0]
	for _, a := range *all {
		if a.agrees(newest) {
			kept = append(kept, a)
		}
	}
	*all = append(kept, newest)
	*all = (*all)[max(0, len(*all)-remembered):]
	for _, a := range *all {
		if a.uncertain < best.uncertain {
			best = a
		}
	}
	return best
}
