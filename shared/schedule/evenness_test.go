package schedule

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Random ids, as the gateway gives them, fall into minutes by chance, and no
// function of a single id does better than chance: the fullest of 60 minutes
// has 1.18 times the mean at the median, for 10,000 jobs. The hash must not be
// worse than that.
func TestRandomIDsSpreadAsChanceDoes(t *testing.T) {
	t.Parallel()
	const sets, jobs, mean = 60, 10_000, 10_000 / 60.0
	r, sum := rand.New(rand.NewPCG(1, 2)), 0.0
	for range sets {
		var minutes [60]int
		fullest := 0
		for range jobs {
			id := fmt.Sprintf("019a%04x-%04x-7%03x-%04x-%012x", r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<16), r.Uint64()>>16)
			m := share(id, "minute", 60)
			minutes[m]++
			fullest = max(fullest, minutes[m])
		}
		sum += float64(fullest) / mean
	}
	if average := sum / sets; average < 1.17 || average > 1.21 {
		t.Errorf("the fullest minute has %.3f times the mean, chance gives 1.19", average)
	}
}
