package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// dayFields are day-of-month, month and day-of-week fields that are held
// against the oracle on every day of the engine's range.
var dayFields = []string{
	"* * *", "1 * *", "31 * *", "29 2 *", "29,30 * *", "*/10 * *", "1-7 * */7", "*/2 * SUN", "13 * 5", "1,15 * 5",
	"L * *", "L-1 * *", "L-28 * *", "L-30 * *", "LW * *", "1W * *", "15W * *", "29W * *", "30W * *", "31W * *",
	"1W,15W,LW * *", "L,L-7 2,4 *", "* * 1#1", "* * 0#5", "* * 7#2", "* * 5L", "* * 0L,6L", "* * FRI,1#3", "15 * 1#1",
	"L * 5L", "* 2 1#5", "28-3 * *", "* 11-2 FRI-MON", "*/7 */5 */3", "? * 3#5", "31 */2 ?", "10-20/3 3-9/2 *", "29 2 */7",
}

func TestDaysAgreeWithOracleForTwoCenturies(t *testing.T) {
	t.Parallel()
	from, to := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, fields := range dayFields {
		oracle, compiled := newOracle("0 0 "+fields), compile(t, schedule.Spec{Cron: "0 0 " + fields})
		var want []time.Time
		for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
			if oracle.matchesDay(day) {
				want = append(want, day)
			}
		}
		if got := slices.Collect(compiled.Between(from, to)); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%s: %d fires, want %d", fields, len(got), len(want))
		}
		at := to
		for _, day := range slices.Backward(want) {
			at, _ = compiled.Prev(at)
			if !at.Equal(day) {
				t.Errorf("%s: going back got %s, want %s", fields, at, day)
				break
			}
		}
	}
}

// randomField writes a random field over low to high that go-cron, the oracle
// and crontab read alike.
func randomField(r *rand.Rand, low, high int) string {
	pick := func() int { return low + r.IntN(high-low+1) }
	switch r.IntN(6) {
	case 0, 1:
		return "*"
	case 2:
		return fmt.Sprintf("*/%d", 1+r.IntN(high-low))
	case 3:
		return fmt.Sprintf("%d-%d", pick(), pick())
	case 4:
		return fmt.Sprintf("%d,%d,%d", pick(), pick(), pick())
	}
	return fmt.Sprint(pick())
}

// Random expressions are watched second by second or minute by minute around
// the clock changes of some zones.
func TestRandomExpressionsAgreeWithOracle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, around := range []struct{ zone, at string }{
		{"Europe/Berlin", "2026-03-29T01:00:00Z"}, {"Europe/Berlin", "2026-10-25T01:00:00Z"},
		{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"}, {"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z"}, {"America/Sao_Paulo", "2018-02-18T02:00:00Z"},
		{"Antarctica/Troll", "2026-03-29T01:00:00Z"}, {"Africa/Cairo", "2026-10-29T21:00:00Z"},
	} {
		location := locationOf(t, around.zone)
		at := instant(t, around.at)
		looks := watch(location, at.Add(-4*time.Hour), at.Add(4*time.Hour), time.Second)
		for range 40 {
			fields := []string{randomField(r, 0, 59), randomField(r, 0, 59), randomField(r, 0, 23),
				randomField(r, 1, 31), randomField(r, 1, 12), randomField(r, 0, 6)}
			text := strings.Join(fields, " ")
			spec := schedule.Spec{Cron: text, Timezone: around.zone, DST: sweepPolicies[r.IntN(len(sweepPolicies))]}
			compiled, err := spec.Compile("")
			if err != nil {
				continue // a day that no month has
			}
			seen := newOracle(text).see(looks, time.Second)
			want := within(seen.fires(spec.DST), at.Add(-time.Hour), at.Add(time.Hour))
			got := slices.Collect(compiled.Between(at.Add(-time.Hour), at.Add(time.Hour)))
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("%q in %s under %v: got %d fires, want %d", text, around.zone, spec.DST, len(got), len(want))
			}
			compareBackward(t, spec, compiled, want, at.Add(-time.Hour), at.Add(time.Hour))
		}
	}
}
