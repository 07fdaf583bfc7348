package schedule_test

import (
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// pace is how long a thousand common searches take here: on this machine, under
// the race detector, with a fuzzer's instrumentation. Bounds are multiples of
// it, so that they are tight anywhere.
var pace = sync.OnceValue(func() time.Duration {
	compiled, err := schedule.Spec{Cron: "30 2 * * *", Timezone: "Europe/Berlin"}.Compile("")
	if err != nil {
		panic(err)
	}
	return fastest(func() {
		for range 1000 {
			compiled.Next(dawn)
		}
	})
})

const (
	// searchPaces bounds a search to what 2,000 common ones take; the slowest
	// take 700.
	searchPaces = 2
	// compilePaces bounds Compile; a calendar of 256 KiB takes about 100.
	compilePaces = 300
)

// quick fails the test if something takes longer than so many paces every time:
// a pause of the machine does not count.
func quick(t testing.TB, paces int, run func(), format string, args ...any) {
	t.Helper()
	limit := time.Duration(paces) * pace()
	started := time.Now()
	run()
	took := time.Since(started)
	for range 3 {
		if took <= limit {
			return
		}
		took = min(took, fastest(run))
	}
	if took > limit {
		t.Errorf(format+": took %s, the limit is %s", append(args, took, limit)...)
	}
}

// fastest returns the shortest of a few runs, which noise can only lengthen.
func fastest(run func()) time.Duration {
	least := time.Hour
	for range 5 {
		start := time.Now()
		run()
		least = min(least, time.Since(start))
	}
	return least
}
