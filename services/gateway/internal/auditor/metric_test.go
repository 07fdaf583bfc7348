package auditor

import (
	"testing"
	"time"
)

func TestTheLagGrowsWhileNobodyCanTell(t *testing.T) {
	t.Parallel()
	var f frontier
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if lag := f.lag(noon); lag != 0 {
		t.Errorf("%s before anything is known", lag)
	}
	f.reach(noon)
	for _, later := range []time.Duration{time.Minute, time.Hour} {
		if lag := f.lag(noon.Add(later)); lag != later {
			t.Errorf("%s, %s after the last fire that was judged", lag, later)
		}
	}
}
