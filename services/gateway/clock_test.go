package gateway

import (
	"testing"
	"time"
)

func TestAClockIsWrongWhereThereIsNoDoubt(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		trip, ahead time.Duration
		wrong       bool
	}{
		"right":                  {time.Millisecond, 0, false},
		"a little off":           {time.Millisecond, mostSkew, false},
		"ahead":                  {time.Millisecond, mostSkew + 2*time.Millisecond, true},
		"behind":                 {time.Millisecond, -mostSkew - 2*time.Millisecond, true},
		"a slow link":            {2 * time.Second, time.Second, false},
		"a slow link, and ahead": {2 * time.Second, time.Minute, true},
	} {
		skew, uncertain := compare(noon, noon.Add(c.trip), noon.Add(c.trip/2-c.ahead))
		if skew != c.ahead || (tooFar(skew, uncertain) != nil) != c.wrong {
			t.Errorf("%s: off by %s ± %s: %v", name, skew, uncertain, tooFar(skew, uncertain))
		}
	}
}
