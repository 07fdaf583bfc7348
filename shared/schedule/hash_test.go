package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

var dawn = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) // a Monday

func firstFire(t testing.TB, spec schedule.Spec, seed string) time.Time {
	t.Helper()
	compiled, err := spec.Compile(seed)
	if err != nil {
		t.Fatal(err)
	}
	at, ok := compiled.Next(dawn.Add(-1))
	if !ok {
		t.Fatal("no fire")
	}
	return at
}

// seeds are ways to name jobs, from counting to random identifiers.
func seeds() map[string]func(int) string {
	r := rand.New(rand.NewPCG(1, 2))
	return map[string]func(int) string{
		"counted": func(i int) string { return fmt.Sprintf("job-%05d", i+1) },
		"plain":   func(i int) string { return fmt.Sprintf("job-%d", i+1) },
		"random":  func(int) string { return fmt.Sprintf("%016x-%016x", r.Uint64(), r.Uint64()) },
	}
}

func TestTenThousandHourlyJobsSpreadEvenly(t *testing.T) {
	t.Parallel()
	const jobs = 10_000
	for name, seed := range seeds() {
		var minutes [60]int
		for i := range jobs {
			minutes[firstFire(t, schedule.Spec{Cron: "H * * * *"}, seed(i)).Minute()]++
		}
		for minute, n := range minutes {
			if mean := jobs / 60.0; float64(n) > 1.2*mean || float64(n) < mean/1.4 {
				t.Errorf("%s: %d jobs in minute %d, the mean is %.0f", name, n, minute, mean)
			}
		}
	}
}

// Job-001 to job-999 must not land together, as they do where a hash sums
// characters.
func TestSimilarNamesSpread(t *testing.T) {
	t.Parallel()
	var minutes [60]int
	for i := range 999 {
		minutes[firstFire(t, schedule.Spec{Cron: "H * * * *"}, fmt.Sprintf("job-%03d", i+1)).Minute()]++
	}
	for minute, n := range minutes {
		if n < 4 || n > 32 {
			t.Errorf("%d of 999 jobs in minute %d", n, minute)
		}
	}
}

// Fields of one expression must be independent: with one hash for both, only
// every twelfth minute of the day would occur.
func TestFieldsOfHashesAreIndependent(t *testing.T) {
	t.Parallel()
	const jobs = 20_000
	seen := map[time.Duration]int{}
	for i := range jobs {
		seen[firstFire(t, schedule.Spec{Cron: "H H * * *"}, fmt.Sprintf("job-%d", i)).Sub(dawn)]++
	}
	if len(seen) < 1430 {
		t.Errorf("%d of 1440 minutes of the day occur", len(seen))
	}
}

func TestHashForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cron string
		want func(at time.Time) bool
	}{
		{"H(0-29) * * * *", func(at time.Time) bool { return at.Minute() < 30 }},
		{"H(50-9) * * * *", func(at time.Time) bool { return at.Minute() >= 50 || at.Minute() < 10 }},
		{"H/15 * * * *", func(at time.Time) bool { return at.Minute() < 15 }},
		{"H(30-59)/10 * * * *", func(at time.Time) bool { return at.Minute() >= 30 && at.Minute() < 40 }},
		{"0 H(22-4) * * *", func(at time.Time) bool { return at.Hour() >= 22 || at.Hour() <= 4 }},
		{"0 0 H * *", func(at time.Time) bool { return at.Day() <= 28 }},
		{"0 0 * * H(5-7)", func(at time.Time) bool { return at.Weekday() == 5 || at.Weekday() == 6 || at.Weekday() == 0 }},
		{"h h h h *", func(at time.Time) bool { return at.Year() <= 2027 }},
		{"H H H H * *", func(at time.Time) bool { return at.Day() <= 28 }},
	} {
		seen := map[time.Time]bool{}
		for i := range 300 {
			at := firstFire(t, schedule.Spec{Cron: c.cron}, fmt.Sprint(i))
			seen[at] = true
			if !c.want(at) {
				t.Errorf("%s: seed %d fires at %s", c.cron, i, at)
			}
		}
		if len(seen) < 3 {
			t.Errorf("%s: only %d different fires", c.cron, len(seen))
		}
	}
}

func TestHashStepsKeepTheirDistance(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Cron: "H/15 * * * *"})
	at, _ := compiled.Next(dawn)
	for range 10 {
		next, _ := compiled.Next(at)
		if next.Sub(at) != 15*time.Minute {
			t.Fatalf("from %s to %s", at, next)
		}
		at = next
	}
}

func TestSeedDecidesAlone(t *testing.T) {
	t.Parallel()
	spec := schedule.Spec{Cron: "H H H H H *", Spread: "1h"}
	if a, b := firstFire(t, spec, "a"), firstFire(t, spec, "a"); !a.Equal(b) {
		t.Errorf("one seed, two fires: %s and %s", a, b)
	}
	if a, b := firstFire(t, spec, "a"), firstFire(t, spec, "b"); a.Equal(b) {
		t.Errorf("two seeds, one fire: %s", a)
	}
}
