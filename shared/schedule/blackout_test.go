package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// span is a blackout window as the naive comparison sees it.
type span struct {
	from, to time.Time
	defers   bool
}

// blackedOut applies windows to fires one by one, as the package comment says.
func blackedOut(fires []time.Time, windows []span) []time.Time {
	var out []time.Time
	for _, at := range fires {
		if moved, ok := settle(at, windows); ok {
			out = append(out, moved)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.Compact(out)
}

func settle(at time.Time, windows []span) (time.Time, bool) {
	for {
		end := at
		for _, w := range windows {
			if at.Before(w.from) || !at.Before(w.to) {
				continue
			}
			if !w.defers {
				return at, false
			}
			if w.to.After(end) {
				end = w.to
			}
		}
		if end.Equal(at) {
			return at, true
		}
		at = end
	}
}

// spans lists the windows of a blackout in UTC without the engine's windows.
func spans(t *testing.T, b schedule.Blackout, from, to time.Time) (out []span) {
	t.Helper()
	defers := b.Policy == schedule.BlackoutDefer
	if b.Cron != "" {
		for at := range compile(t, schedule.Spec{Cron: b.Cron}).Between(from, to) {
			out = append(out, span{at, at.Add(time.Duration(b.Duration)), defers})
		}
	}
	for _, date := range b.Dates {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, span{day, day.AddDate(0, 0, 1), defers})
	}
	return out
}

const hours = schedule.Duration(time.Hour)

func TestBlackoutsAgreeWithOracle(t *testing.T) {
	t.Parallel()
	blackouts := []schedule.Blackout{
		{Cron: "0 1 * * *", Duration: 5 * hours},
		{Cron: "0 1 * * *", Duration: 5 * hours, Policy: schedule.BlackoutDefer},
		{Cron: "0 4 * * *", Duration: 4 * hours, Policy: schedule.BlackoutDefer},
		{Cron: "0 22 * * FRI,SAT", Duration: 24 * hours, Policy: schedule.BlackoutDefer},
		{Cron: "0 6 * * MON", Duration: 2 * hours},
		{Cron: "30 */3 * * *", Duration: hours / 2},
		{Dates: []string{"2026-01-07", "2026-01-08", "2026-02-01"}},
		{Dates: []string{"2026-01-09", "2026-01-31"}, Policy: schedule.BlackoutDefer},
		{Cron: "0 0 1-20 * *", Duration: 24 * hours},
	}
	rules := []schedule.Spec{
		{Cron: "0 * * * *"}, {Cron: "*/30 * * * *"}, {Cron: "0 3 * * *"}, {Cron: "0 0 * * *"}, {Cron: "0 6 * * *"},
		{Every: 7 * hours}, {Cron: "45 */2 * * *", Spread: "30m"}, {Cron: "0 */4 * * *", Spread: "50%"},
	}
	from, to := dawn, dawn.AddDate(0, 0, 30)
	for _, rule := range rules {
		for first := range blackouts {
			for second := range first + 1 {
				spec := rule
				spec.Blackouts = []schedule.Blackout{blackouts[first]}
				if second != first {
					spec.Blackouts = append(spec.Blackouts, blackouts[second])
				}
				checkBlackouts(t, spec, from, to)
			}
		}
	}
}

func checkBlackouts(t *testing.T, spec schedule.Spec, from, to time.Time) {
	t.Helper()
	plain := spec
	plain.Blackouts = nil
	margin := 22 * 24 * time.Hour
	var windows []span
	for _, b := range spec.Blackouts {
		windows = append(windows, spans(t, b, from.Add(-margin), to.Add(margin))...)
	}
	due := slices.Collect(compile(t, plain).Between(from.Add(-margin), to.Add(margin)))
	want := within(blackedOut(due, windows), from, to)
	compiled, err := spec.Compile("job-1")
	if err != nil {
		if len(want) > 0 {
			t.Errorf("%+v: %v", spec, err)
		}
		return
	}
	got := slices.Collect(compiled.Between(from, to))
	if !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Fatalf("%s:\n got %v\nwant %v", compiled, got, want)
	}
	compareBackward(t, spec, compiled, want, from, to)
	// Every instant must lead to the same fires, not only the fires themselves.
	for at := from; at.Before(from.AddDate(0, 0, 9)); at = at.Add(17 * time.Minute) {
		i, _ := slices.BinarySearchFunc(want, at.Add(time.Second), time.Time.Compare)
		if next, _ := compiled.Next(at); i < len(want) && !next.Equal(want[i]) {
			t.Fatalf("%s: after %s: got %s, want %s", compiled, at, next, want[i])
		}
	}
}

func TestDeferredFiresAreOne(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Cron: "*/15 * * * *", Blackouts: []schedule.Blackout{
		{Cron: "0 1 * * *", Duration: 5*hours + hours/12, Policy: schedule.BlackoutDefer}}})
	at, _ := compiled.Next(dawn.Add(50 * time.Minute))
	if want := dawn.Add(6*time.Hour + 5*time.Minute); !at.Equal(want) {
		t.Errorf("got %s, want %s", at, want)
	}
	if nominal, ok := compiled.Nominal(at); !ok || !nominal.Equal(dawn.Add(time.Hour)) {
		t.Errorf("the first of the deferred fires: got %s", nominal)
	}
	if next, _ := compiled.Next(at); !next.Equal(dawn.Add(6*time.Hour + 15*time.Minute)) {
		t.Errorf("after the deferred fire: got %s", next)
	}
}

// Whole days are days of the zone, 23 or 25 hours long when the clocks change.
func TestDatesFollowTheZone(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Cron: "*/30 * * * *", Timezone: "Europe/Berlin",
		Blackouts: []schedule.Blackout{{Dates: []string{"2026-10-25", "2026-03-28/2026-03-29"}}}})
	for _, c := range []struct{ after, want string }{
		{"2026-10-24T23:30:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"2026-03-27T23:30:00+01:00", "2026-03-30T00:00:00+02:00"},
	} {
		if got, _ := compiled.Next(instant(t, c.after)); !got.Equal(instant(t, c.want)) {
			t.Errorf("after %s: got %s, want %s", c.after, got, c.want)
		}
	}
}

// Windows may swallow every fire of a daily job for most of a year.
func TestLongRowsOfWindows(t *testing.T) {
	t.Parallel()
	before, after := time.Date(2025, 12, 31, 2, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
	for _, spec := range []schedule.Spec{
		{Cron: "0 2 * * *", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 24 * hours}}},
		{Cron: "0 2 * * *", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 25 * hours}}},
		{AnyOf: slices.Repeat([]schedule.Rule{{Cron: "0 2 * * *"}}, 16), Spread: "1%", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 24 * hours}}},
	} {
		compiled, err := spec.Compile("")
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := compiled.Next(before.Add(time.Hour)); !ok || got.Truncate(time.Hour) != after {
			t.Errorf("%s: got %s, %v, want %s", compiled, got, ok, after)
		}
		if got, ok := compiled.Prev(after); !ok || got.Truncate(time.Hour) != before {
			t.Errorf("%s: got %s, %v, want %s", compiled, got, ok, before)
		}
	}
}

func TestBlackoutThatLeavesNothingIsRefused(t *testing.T) {
	t.Parallel()
	spec := schedule.Spec{Cron: "0 2 * * *", Blackouts: []schedule.Blackout{{Cron: "0 0 * * *", Duration: 6 * hours}}}
	if compiled, err := spec.Compile(""); err == nil {
		t.Errorf("accepted %s", compiled)
	}
}

// Whatever the job's policy, a window opens after a gap and in both copies of a
// repeated hour.
func TestBlackoutsDoNotFollowTheJobsPolicy(t *testing.T) {
	t.Parallel()
	for _, cron := range []string{"0 2 * * *", "0 */2 * * *"} {
		for _, dst := range sweepPolicies {
			compiled := compile(t, schedule.Spec{Every: hours / 12, Timezone: "Europe/Berlin", DST: dst,
				Blackouts: []schedule.Blackout{{Cron: cron, Duration: hours / 2}}})
			for _, c := range []struct{ after, want string }{
				{"2026-03-29T00:59:00Z", "2026-03-29T01:30:00Z"}, // 02:00 does not exist: from 03:00
				{"2026-10-24T23:59:00Z", "2026-10-25T00:30:00Z"}, // 02:00 summer time
				{"2026-10-25T00:59:00Z", "2026-10-25T01:30:00Z"}, // 02:00 winter time
			} {
				if got, _ := compiled.Next(instant(t, c.after)); !got.Equal(instant(t, c.want)) {
					t.Errorf("%s: after %s: got %s, want %s", compiled, c.after, got, c.want)
				}
			}
		}
	}
}

// Windows at a minute of every hour mean elapsed time: a gap adds none.
func TestHourlyBlackoutsRunThroughAGap(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Every: hours / 12, Timezone: "Europe/Berlin",
		Blackouts: []schedule.Blackout{{Cron: "20 * * * *", Duration: hours / 6}}})
	if got, _ := compiled.Next(instant(t, "2026-03-29T00:59:00Z")); !got.Equal(instant(t, "2026-03-29T01:00:00Z")) {
		t.Errorf("got %s, want 03:00", got)
	}
}

// What filled the past, or fills the far future, says nothing of today.
func TestBlackoutsOfThePastRefuseNothing(t *testing.T) {
	t.Parallel()
	for _, years := range []string{"1970-2025", "1970-2024,2100-2199"} {
		compiled := compile(t, schedule.Spec{Cron: "0 2 * * *", Blackouts: []schedule.Blackout{{Cron: "0 0 0 * * * " + years, Duration: 24 * hours}}})
		if got, ok := compiled.Next(dawn); !ok || !got.Equal(dawn.Add(2*time.Hour)) {
			t.Errorf("%s: got %s, %v", years, got, ok)
		}
	}
}
