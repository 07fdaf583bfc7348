package effect

import (
	"testing"
	"time"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 13, 0, 0, 123_456_789, time.FixedZone("CET", 3600))
	ahead := time.Date(2026, 11, 23, 12, 0, 1, 123_456_000, time.UTC)
	for name, test := range map[string]struct{ before, want time.Time }{
		"the first change":                   {time.Time{}, ahead},
		"one long after another":             {ahead.Add(-time.Hour), ahead},
		"two at once":                        {ahead, ahead.Add(time.Microsecond)},
		"after one by a clock that is ahead": {ahead.Add(time.Minute), ahead.Add(time.Minute + time.Microsecond)},
	} {
		if got := From(now, test.before); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
