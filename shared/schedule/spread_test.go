package schedule_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

func TestSpreadOverADuration(t *testing.T) {
	t.Parallel()
	const jobs = 10_000
	var minutes [10]int
	for i := range jobs {
		at := firstFire(t, schedule.Spec{Cron: "0 * * * *", Spread: "10m"}, fmt.Sprintf("job-%d", i))
		if delay := at.Sub(dawn); delay < 0 || delay >= 10*time.Minute {
			t.Fatalf("job %d is delayed by %s", i, delay)
		}
		minutes[at.Minute()]++
	}
	if most := slices.Max(minutes[:]); most > jobs/10*12/10 {
		t.Errorf("the fullest minute has %d of %d jobs", most, jobs)
	}
}

// Whatever the spread, fires keep their order and number, and each leads back
// to its nominal instant.
func TestSpreadKeepsOrderAndNominal(t *testing.T) {
	t.Parallel()
	from, to := dawn, dawn.AddDate(1, 0, 0)
	for _, cron := range []string{"0 * * * *", "0 9 * * 1-5", "0 0 1,2,20 * *", "30 2 * * *"} {
		plain := schedule.Spec{Cron: cron, Timezone: "Europe/Berlin"}
		nominal := slices.Collect(compile(t, plain).Between(from, to))
		for _, text := range []string{"1s", "59m", "36h", "1%", "50%", "100%"} {
			plain.Spread = text
			for i := range 8 {
				compiled, err := plain.Compile(fmt.Sprint("job-", i))
				if err != nil {
					t.Fatal(err)
				}
				checkSpread(t, compiled, nominal)
			}
		}
	}
}

func checkSpread(t *testing.T, compiled *schedule.Schedule, nominal []time.Time) {
	t.Helper()
	var last time.Time
	for at := range compiled.Between(nominal[0], nominal[len(nominal)-1].AddDate(0, 2, 0)) {
		from, ok := compiled.Nominal(at)
		if back, _ := compiled.Prev(at.Add(1)); !ok || !back.Equal(at) || !at.After(last) || at.Before(from) {
			t.Fatalf("%s: fire %s, nominal %s, after %s, found again as %s", compiled, at, from, last, back)
		}
		last = at
		switch {
		case from.Before(nominal[0]):
		case !from.Equal(nominal[0]):
			t.Fatalf("%s: fire %s has nominal %s, want %s", compiled, at, from, nominal[0])
		default:
			if nominal = nominal[1:]; len(nominal) == 0 {
				return
			}
		}
	}
	t.Fatalf("%s: no fire for %s", compiled, nominal[0])
}

// A percentage takes its share of each interval, so that it never reaches the
// next nominal instant.
func TestSpreadPercentage(t *testing.T) {
	t.Parallel()
	for i := range 200 {
		at := firstFire(t, schedule.Spec{Cron: "0 0 * * *", Spread: "25%"}, fmt.Sprint(i))
		if delay := at.Sub(dawn); delay < 0 || delay >= 6*time.Hour {
			t.Errorf("job %d is delayed by %s of a day", i, delay)
		}
	}
}

func TestNominalOfNoFire(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Cron: "0 * * * *"})
	if at, ok := compiled.Nominal(dawn.Add(time.Minute)); ok {
		t.Errorf("got %s", at)
	}
	if at, ok := compiled.Nominal(dawn.Add(time.Nanosecond)); ok {
		t.Errorf("got %s", at)
	}
	if at, ok := compiled.Nominal(dawn); !ok || !at.Equal(dawn) {
		t.Errorf("got %s, %v", at, ok)
	}
}
