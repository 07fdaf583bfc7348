package intake

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestWorthARequest(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tests := map[string]struct {
		limit, busy, asked int
		worth, waiting     bool
	}{
		"idle, nothing asked":             {64, 0, 0, true, true},
		"full":                            {64, 64, 0, false, false},
		"a few free of many":              {64, 57, 0, false, true},
		"an eighth free":                  {64, 56, 0, true, true},
		"one free of one":                 {1, 0, 0, true, true},
		"few free, others still asked":    {64, 40, 8, false, false},
		"half free, others still asked":   {64, 24, 8, true, false},
		"all asked":                       {64, 0, 64, false, false},
		"limit lowered below what's busy": {8, 20, 0, false, false},
		"no limit yet":                    {0, 0, 0, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := credit{limit: test.limit, busy: test.busy}
			if test.asked > 0 {
				c.ask(test.asked, now)
			}
			if c.worth() != test.worth || c.waiting() != test.waiting {
				t.Errorf("worth %v, waiting %v; want %v, %v", c.worth(), c.waiting(), test.worth, test.waiting)
			}
		})
	}
}

func TestLostRequestsExpire(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := credit{limit: 10}
	c.ask(4, now.Add(time.Second))
	c.ask(6, now.Add(3*time.Second))
	c.returned(5) // the four of the first, one of the second
	c.expire(now.Add(2 * time.Second))
	if c.asked() != 5 {
		t.Errorf("asked %d, want 5", c.asked())
	}
	c.expire(now.Add(4 * time.Second))
	if c.asked() != 0 {
		t.Errorf("asked %d after expiry, want none", c.asked())
	}
}

// A server that answers at random never sees more asked than there is room for,
// nor many requests at once, and no free slot is left unasked for long.
func TestNeverAskedForMoreThanThereIsRoomFor(t *testing.T) {
	t.Parallel()
	for range 300 {
		c := credit{limit: 1 + rand.IntN(100)}
		for range 2000 {
			step(&c)
			if c.busy+c.asked() > c.limit {
				t.Fatalf("%d busy and %d asked of %d", c.busy, c.asked(), c.limit)
			}
			if len(c.asks) > 4 {
				t.Fatalf("%d requests at once with a limit of %d", len(c.asks), c.limit)
			}
		}
	}
}

// step is a message that comes or is done, or a clock that runs out.
func step(c *credit) {
	switch rand.IntN(3) {
	case 0:
		if c.asked() > 0 {
			c.returned(1)
			c.busy++
		}
	case 1:
		if c.busy > 0 {
			c.busy--
		}
	}
	if c.worth() || rand.IntN(10) == 0 && c.waiting() {
		c.ask(c.free(), time.Time{})
	}
}
