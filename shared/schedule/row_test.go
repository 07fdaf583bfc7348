package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// Windows that touch swallow the fires of days, months and years; the schedule
// goes on after them.
func TestTouchingWindowsEndNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec        schedule.Spec
		after, want string
	}{
		{schedule.Spec{Cron: "*/5 * * * *", Blackouts: []schedule.Blackout{{Cron: "*/5 * * * SAT,SUN", Duration: hours / 12}}},
			"2026-11-27T23:55:00Z", "2026-11-30T00:00:00Z"},
		{schedule.Spec{Cron: "* * * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{Cron: "* 9-17 * * MON-FRI", Duration: hours / 60}}},
			"2026-11-27T08:59:00+01:00", "2026-11-27T18:00:00+01:00"},
		{schedule.Spec{Every: hours / 360, Blackouts: []schedule.Blackout{{Cron: "*/10 * 1-3 * * *", Duration: hours / 360}}},
			"2026-11-27T00:59:50Z", "2026-11-27T04:00:00Z"},
		{schedule.Spec{AnyOf: []schedule.Rule{{Cron: "0 * * * *"}, {Cron: "30 9 * * *"}}, Blackouts: []schedule.Blackout{{Cron: "0 * * 12 *", Duration: hours}}},
			"2026-11-30T23:00:00Z", "2027-01-01T00:00:00Z"},
		{schedule.Spec{Every: hours / 60, Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{Cron: "* * * * * * 2027-2090", Duration: hours / 3600, Policy: "defer"}}},
			"2026-12-31T23:59:00+01:00", "2091-01-01T00:00:00+01:00"},
		{schedule.Spec{Cron: "0 * * * *", Blackouts: []schedule.Blackout{{Cron: "0 0-22/2 1-3 6 *", Duration: hours + hours/2}, {Cron: "0 1-23/2 1-3 6 *", Duration: hours + hours/2}}},
			"2026-05-31T23:00:00Z", "2026-06-04T01:00:00Z"},
		{schedule.Spec{Every: hours, Blackouts: []schedule.Blackout{{ICalendar: calendar("DTSTART:20270101T000000Z\nDURATION:PT1M\nRRULE:FREQ=MINUTELY;UNTIL=20401231T235900Z")}}},
			"2026-12-31T23:00:00Z", "2041-01-01T00:00:00Z"},
		{schedule.Spec{Every: hours, Blackouts: []schedule.Blackout{{ICalendar: calendar("DTSTART:20270101T000000Z\nDURATION:PT1M\nRRULE:FREQ=MINUTELY;UNTIL=20401231T235900Z\nEXDATE:20300105T070000Z")}}},
			"2026-12-31T23:00:00Z", "2030-01-05T07:00:00Z"},
	} {
		compiled := compile(t, c.spec)
		after, want := instant(t, c.after), instant(t, c.want)
		if got, ok := compiled.Next(after); !ok || !got.Equal(want) {
			t.Errorf("%s: after %s: got %s, %v, want %s", compiled, after, got, ok, want)
		}
		if got, ok := compiled.Prev(want); !ok || !got.Equal(after) {
			t.Errorf("%s: before %s: got %s, %v, want %s", compiled, want, got, ok, after)
		}
		quickSearches(t, compiled)
	}
}

// denseBlackout makes windows by cron that often touch, overlap or nearly do.
func denseBlackout(r *rand.Rand) schedule.Blackout {
	step := []int{1, 5, 7, 20, 30}[r.IntN(5)]
	cron := fmt.Sprintf("%d-%d/%d %s * * %s", r.IntN(3), 50+r.IntN(10), step,
		[]string{"*", "0-23", "8-17", "22-3", "*/2", "1-5/2"}[r.IntN(6)], []string{"*", "SAT,SUN", "MON-FRI", "1,2,4"}[r.IntN(4)])
	if r.IntN(4) == 0 {
		cron = fmt.Sprintf("%d 0 */%d * *", r.IntN(60), 1+r.IntN(4))
		step = 23 * 60
	}
	if r.IntN(4) == 0 {
		cron = "*/" + fmt.Sprint(1+r.IntN(30)) + " " + cron
		step = 1
	}
	length := time.Duration(step)*time.Minute + []time.Duration{0, 0, -time.Minute, time.Minute, 11 * time.Minute, -30 * time.Second}[r.IntN(6)]
	b := schedule.Blackout{Cron: cron, Duration: schedule.Duration(max(length, time.Second))}
	if r.IntN(3) == 0 {
		b.Policy = schedule.BlackoutDefer
	}
	return b
}

// TestTouchingWindowsAgreeWithOracle walks all windows one by one, around a
// change of the clocks.
func TestTouchingWindowsAgreeWithOracle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	compared := 0
	for range 70 {
		from := []time.Time{time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC)}[r.IntN(3)]
		plain := schedule.Spec{Cron: []string{"*/7 * * * *", "3 */2 * * *", "0 2,8,22 * * *", "*/15 0-5 * * *"}[r.IntN(4)],
			Timezone: []string{"Europe/Berlin", "Australia/Lord_Howe", "UTC"}[r.IntN(3)], Spread: []string{"", "", "40m", "50%"}[r.IntN(4)]}
		spec := plain
		for range 1 + r.IntN(3) {
			spec.Blackouts = append(spec.Blackouts, denseBlackout(r))
		}
		compiled, err := spec.Compile("job-1")
		if err != nil {
			continue
		}
		compared++
		compareTouching(t, compiled, newTouching(t, spec, plain, from.AddDate(0, 0, -12), from.AddDate(0, 0, 16)), from, from.AddDate(0, 0, 5))
	}
	if compared < 35 {
		t.Errorf("only %d specs are accepted", compared)
	}
}

// touching is what a naive walk finds: fires and the first nominal instant of each.
type touching map[time.Time]time.Time

// newTouching joins the windows of a policy that meet, minute lists and all, and
// moves every fire through them.
func newTouching(t *testing.T, spec, plain schedule.Spec, from, to time.Time) touching {
	t.Helper()
	var skip, hold []span
	for _, b := range spec.Blackouts {
		opens := compile(t, schedule.Spec{Cron: b.Cron, Timezone: spec.Timezone, DST: schedule.DST{Repeat: schedule.RepeatBoth}})
		for at := range opens.Between(from, to) {
			one := span{at, at.Add(time.Duration(b.Duration)), b.Policy == schedule.BlackoutDefer}
			if one.defers {
				hold = append(hold, one)
			} else {
				skip = append(skip, one)
			}
		}
	}
	windows := append(joinedSpans(skip), joinedSpans(hold)...)
	out := touching{}
	base := compile(t, plain)
	for at := range base.Between(from, to) {
		nominal, _ := base.Nominal(at)
		if moved, ok := settle(at, windows); ok {
			if first, known := out[moved]; !known || nominal.Before(first) {
				out[moved] = nominal
			}
		}
	}
	return out
}

func joinedSpans(list []span) (out []span) {
	slices.SortFunc(list, func(a, b span) int { return a.from.Compare(b.from) })
	for _, one := range list {
		if last := len(out) - 1; last >= 0 && !one.from.After(out[last].to) {
			if one.to.After(out[last].to) {
				out[last].to = one.to
			}
		} else {
			out = append(out, one)
		}
	}
	return out
}

func compareTouching(t *testing.T, compiled *schedule.Schedule, want touching, from, to time.Time) {
	t.Helper()
	var times []time.Time
	for at := range want {
		if !at.Before(from) && at.Before(to) {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	got := slices.Collect(compiled.Between(from, to))
	if !slices.EqualFunc(got, times, time.Time.Equal) {
		t.Fatalf("%s:\n got %v\nwant %v", compiled, got, times)
	}
	last := to
	for _, at := range slices.Backward(times) {
		if nominal, ok := compiled.Nominal(at); !ok || !nominal.Equal(want[at]) {
			t.Errorf("%s: %s has the nominal time %s, want %s", compiled, at, nominal, want[at])
		}
		if before, ok := compiled.Prev(last); !ok || !before.Equal(at) {
			t.Errorf("%s: before %s: got %s, want %s", compiled, last, before, at)
		}
		last = at
	}
}

// A later fire of a longer window survives where an earlier one is skipped.
func TestDeferredAndThenSkipped(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{AnyOf: []schedule.Rule{{Cron: "30 18 * * *"}, {Cron: "10 19 * * *"}}, Blackouts: []schedule.Blackout{
		{Cron: "0 18 * * *", Duration: 2 * hours, Policy: schedule.BlackoutDefer}, {Cron: "0 19 * * *", Duration: 4 * hours, Policy: schedule.BlackoutDefer},
		{Cron: "30 19 * * *", Duration: 2*hours + hours/2}}})
	if got, ok := compiled.Next(dawn); !ok || got.Hour() != 23 || got.Minute() != 0 {
		t.Errorf("got %s, %v, want 23:00", got, ok)
	}
}

// False from Next says that there is no later fire at all.
func TestTheEndIsTheEnd(t *testing.T) {
	t.Parallel()
	n, ended := nasty{rand.New(rand.NewPCG(15, 16))}, 0
	for range 200 {
		compiled, err := n.spec().Compile("job-1")
		if err != nil {
			continue
		}
		for _, when := range whens {
			if _, ok := compiled.Next(when); ok {
				continue
			}
			ended++
			for later := when; later.Year() < 2200; later = later.AddDate(0, 0, 97) {
				if at, ok := compiled.Next(later); ok {
					t.Fatalf("%s: nothing after %s, and yet %s", compiled, when, at)
				}
			}
			if at, ok := compiled.Prev(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)); ok && at.After(when) {
				t.Fatalf("%s: nothing after %s, and yet %s", compiled, when, at)
			}
		}
	}
	if ended < 10 {
		t.Errorf("only %d ends were met", ended)
	}
}

// What takes too long to search is refused, and soon.
func TestTooMuchToSearchIsRefused(t *testing.T) {
	t.Parallel()
	for _, spec := range []schedule.Spec{
		{Cron: "0 2 * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 6 * hours}}},
		{Cron: "* * * * *", Blackouts: []schedule.Blackout{{Cron: "*/2 * * * *", Duration: hours / 60}}},
		{Cron: "0 * * * *", Blackouts: []schedule.Blackout{{Cron: "0 0-22/2 * 1-6 *", Duration: hours + hours/2}, {Cron: "0 1-23/2 * 1-6 *", Duration: hours + hours/2}}},
		{AnyOf: slices.Repeat([]schedule.Rule{{Cron: "0 2 * * *", Timezone: "Africa/Casablanca"}}, 16),
			Blackouts: slices.Repeat([]schedule.Blackout{{Cron: "0 0 1-20 * *", Duration: 24 * hours}}, 4), Spread: "100%"},
	} {
		quickCompile(t, spec)
		_, err := spec.Compile("")
		if err == nil || err.Error()[:10] != "blackouts:" {
			t.Errorf("%+v: got %v", spec, err)
		}
	}
}
