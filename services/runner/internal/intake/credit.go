package intake

import "time"

// credit keeps count of what may be asked of the server. What is being handled
// and what has been asked for never exceed the limit together, so a message is
// only ever delivered to a runner that has room for it.
//
// It also says when to ask. Asking for each slot as it becomes free would cost
// the server a request per message; so a few free slots are collected while
// others are still asked for, or for a moment.
type credit struct {
	limit int
	busy  int
	asks  []ask // oldest first
}

// ask is a request for n more messages. The server forgets it at until; if its
// word of that got lost, so does the client, a little later.
type ask struct {
	n     int
	until time.Time
}

// eager is the share of the limit, one in eager, that is worth a request at
// once when nothing is asked for.
const eager = 8

func (c *credit) asked() (n int) {
	for _, ask := range c.asks {
		n += ask.n
	}
	return n
}

// free is how many more messages could be asked for.
func (c *credit) free() int { return max(0, c.limit-c.busy-c.asked()) }

// worth reports whether a request for what is free should be made now: with
// nothing asked for, once it is a share of the limit; else once it is half of it.
// Requests at the server thus never pile up.
func (c *credit) worth() bool {
	free := c.free()
	if c.asked() > 0 {
		return free > 0 && 2*free >= c.limit
	}
	return free > 0 && eager*free >= c.limit
}

// waiting reports whether something is free and nothing is asked for.
func (c *credit) waiting() bool { return c.free() > 0 && c.asked() == 0 }

func (c *credit) ask(n int, until time.Time) { c.asks = append(c.asks, ask{n: n, until: until}) }

// returned takes back n of the oldest requests: delivered, or given up by the server.
func (c *credit) returned(n int) {
	for n > 0 && len(c.asks) > 0 {
		taken := min(n, c.asks[0].n)
		c.asks[0].n -= taken
		n -= taken
		if c.asks[0].n == 0 {
			c.asks = c.asks[1:]
		}
	}
}

// expire drops the requests that the server no longer knows at now.
func (c *credit) expire(now time.Time) {
	for len(c.asks) > 0 && now.After(c.asks[0].until) {
		c.asks = c.asks[1:]
	}
}

// reset drops all requests: their server is gone.
func (c *credit) reset() { c.asks = nil }
