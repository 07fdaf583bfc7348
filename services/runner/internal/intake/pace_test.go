package intake

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestWhatAPaceAllows(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	idle := func() *pace { return newPace(Pace{Group: "g", PerSecond: 10, Burst: 8}, begun) }
	served := func() *pace {
		p := idle()
		p.pin = "pin"
		return p
	}
	tests := map[string]struct {
		pace        *pace
		after       time.Duration
		asked, free int
		n           int
		wait        time.Duration
	}{
		"a new pin has no tokens":            {served(), 0, 0, 5, 0, 100 * time.Millisecond},
		"a token is asked for":               {served(), 150 * time.Millisecond, 0, 5, 1, 0},
		"all tokens are asked for":           {served(), 350 * time.Millisecond, 0, 5, 3, 0},
		"no more than there is room for":     {served(), time.Second, 0, 2, 2, 0},
		"no more than a burst":               {served(), time.Hour, 0, 50, 8, 0},
		"more once it is twice as much":      {served(), 300 * time.Millisecond, 2, 5, 0, 100 * time.Millisecond},
		"twice as much is there":             {served(), 450 * time.Millisecond, 2, 5, 2, 0},
		"the rest of a burst":                {served(), time.Hour, 6, 50, 2, 0},
		"all is asked for":                   {served(), time.Hour, 8, 50, 0, never},
		"no room":                            {served(), time.Hour, 0, 0, 0, never},
		"not served, it asks for one":        {idle(), time.Hour, 0, 5, 1, never},
		"not served, it has asked":           {idle(), time.Hour, 1, 5, 0, never},
		"not served, it has no room for one": {idle(), time.Hour, 0, 0, 0, never},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, wait := test.pace.next(test.asked, test.free, begun.Add(test.after))
			if n != test.n || (wait-test.wait).Abs() > time.Millisecond {
				t.Errorf("asks for %d, or after %s; want %d, %s", n, wait, test.n, test.wait)
			}
		})
	}
}

// A new pin's first message waits for the first token, and keeps the pin meanwhile.
func TestTheFirstMessageOfAPinWaits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := newPace(Pace{Group: "g", PerSecond: 2, Burst: 5}, now)
	if wait := p.spend("pin", now.Add(time.Hour)); (wait - 500*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("waits for %s, want half a second", wait)
	}
	if !p.keeps(0, now.Add(time.Hour)) {
		t.Error("the pin is let go while a message waits")
	}
	if p.keeps(0, now.Add(time.Hour+time.Second)) {
		t.Error("the pin is kept without room")
	}
}

// Intakes take over from each other at random; what they let through together
// never exceeds a burst and the rate's share of any span.
func TestTheRateHoldsOverTakeovers(t *testing.T) {
	t.Parallel()
	const perSecond, burst = 50, 7
	now := time.Now()
	for range 50 {
		var begun []time.Time
		p := newPace(Pace{"g", perSecond, burst}, now)
		p.pin = "first"
		for asked := 0; len(begun) < 300; {
			now = now.Add(time.Duration(rand.IntN(int(30 * time.Millisecond))))
			n, _ := p.next(asked, 100-asked, now)
			asked += n
			switch rand.IntN(40) {
			case 0:
				p, asked = newPace(Pace{"g", perSecond, burst}, now), 0
				begun = append(begun, now.Add(p.spend("next", now)))
			default:
				for ; asked > 0 && rand.IntN(3) > 0; asked-- {
					if wait := p.spend("", now); wait > 0 {
						t.Fatalf("what was asked for waits for %s", wait)
					}
					begun = append(begun, now)
				}
			}
			now = later(now, begun)
		}
		checkPace(t, begun, perSecond, burst)
	}
}

// later is the instant of the last message, if it is still to come: a takeover
// comes after the one before has handled its own.
func later(now time.Time, begun []time.Time) time.Time {
	if len(begun) > 0 && begun[len(begun)-1].After(now) {
		return begun[len(begun)-1]
	}
	return now
}

// checkPace looks for a span with too many messages in it.
func checkPace(t *testing.T, begun []time.Time, perSecond float64, burst int) {
	t.Helper()
	for i, first := range begun {
		for j, last := range begun[i:] {
			if most := float64(burst) + perSecond*last.Sub(first).Seconds() + 1e-3; float64(j+1) > most {
				t.Fatalf("%d messages within %s, want at most %.1f", j+1, last.Sub(first), most)
			}
		}
	}
}
