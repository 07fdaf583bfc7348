package schedule_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/schedule"
)

func at(t testing.TB, text string) *time.Time {
	t.Helper()
	when := instant(t, text)
	return &when
}

func TestEveryFaultyFieldIsNamed(t *testing.T) {
	t.Parallel()
	day := at(t, "2026-01-05T00:00:00Z")
	for _, c := range []struct {
		spec schedule.Spec
		want []string
	}{
		{schedule.Spec{}, []string{""}},
		{schedule.Spec{Cron: "x", Every: -1, At: day, RRule: "y", Timezone: "Mars", DST: schedule.DST{Gap: "a", Repeat: "b"},
			Start: day, End: day, MaxRuns: -1, Spread: "0%", Blackouts: []schedule.Blackout{{}, {Cron: "x", Policy: "z"}}},
			[]string{"timezone", "dst.gap", "dst.repeat", "every", "at", "rrule", "cron", "end", "spread",
				"blackouts[0]", "blackouts[1].policy", "blackouts[1].duration", "blackouts[1].cron", "max_runs"}},
		{schedule.Spec{Cron: "0 0 * * *", Anchor: day}, []string{"anchor"}},
		{schedule.Spec{At: day, Anchor: day}, []string{"anchor"}},
		{schedule.Spec{Every: schedule.Duration(time.Millisecond)}, []string{"every"}},
		{schedule.Spec{Every: schedule.Duration(1500 * time.Millisecond)}, []string{"every"}},
		{schedule.Spec{Every: -hours}, []string{"every"}},
		{schedule.Spec{At: at(t, "1969-12-31T23:59:59Z")}, []string{"at"}},
		{schedule.Spec{At: at(t, "2200-01-01T00:00:00Z")}, []string{"at"}},
		{schedule.Spec{Cron: strings.Repeat("1,", 200) + "1 * * * *"}, []string{"cron"}},
		{schedule.Spec{Cron: "0 0 * * *", MaxRuns: 3}, []string{"max_runs"}},
		{schedule.Spec{Cron: "0 0 * * *", MaxRuns: 10_001, Start: day}, []string{"max_runs"}},
		{schedule.Spec{Cron: "0 0 * * *", Start: at(t, "2200-01-01T00:00:00Z")}, []string{"end"}},
		{schedule.Spec{Cron: "0 0 * * *", Start: day, End: at(t, "2026-01-05T00:00:01Z")}, nil},
		{schedule.Spec{Cron: "0 1 * * *", Start: day, End: at(t, "2026-01-05T01:00:00Z")}, []string{""}},
		{schedule.Spec{Cron: "0 30 2 29 3 * 2026", Timezone: "Europe/Berlin", DST: schedule.DST{Gap: schedule.GapSkip}}, []string{""}},
		{schedule.Spec{AnyOf: []schedule.Rule{{}, {Cron: "x", Timezone: "Mars"}, {Every: hours, DST: schedule.DST{Gap: "a"}}}},
			[]string{"any_of[0]", "any_of[1].timezone", "any_of[1].cron", "any_of[2].dst.gap"}},
		{schedule.Spec{AnyOf: make([]schedule.Rule, 17)}, []string{"any_of"}},
		{schedule.Spec{AnyOf: []schedule.Rule{{Every: hours}}, Every: hours, Anchor: day, Timezone: "Mars"}, []string{"timezone", "every", "anchor"}},
		{schedule.Spec{Cron: "TZ=Asia/Tokyo 0 0 * * *", Timezone: "UTC"}, []string{"timezone"}},
		{schedule.Spec{Cron: "TZ=Mars 0 0 * * *", Blackouts: []schedule.Blackout{{Dates: []string{"2026-12-25"}}}}, []string{"cron"}},
		{schedule.Spec{AnyOf: []schedule.Rule{{Cron: "TZ=Mars 0 0 * * *"}, {Cron: "0 0 * * *", Timezone: "Mars"}}}, []string{"any_of[0].cron", "any_of[1].timezone"}},
		{schedule.Spec{At: day, Start: at(t, "2026-01-05T00:00:01Z"), MaxRuns: 3}, []string{""}},
		{schedule.Spec{RRule: "DTSTART;TZID=Asia/Tokyo:20260101T000000\nRRULE:FREQ=DAILY", Timezone: "UTC", Anchor: day}, []string{"timezone", "rrule"}},
		{schedule.Spec{Cron: "0 0 * * *", Spread: "1x"}, []string{"spread"}},
		{schedule.Spec{Cron: "0 0 * * *", Spread: "101%"}, []string{"spread"}},
		{schedule.Spec{Cron: "0 0 * * *", Spread: "32d"}, []string{"spread"}},
		{schedule.Spec{Cron: "0 0 * * *", Blackouts: []schedule.Blackout{{Duration: hours}, {Dates: []string{"x", "2026-12-25/2026-12-24"}},
			{Dates: []string{"2026-12-25"}, ICalendar: "x"}, {Dates: []string{"2026-12-25"}, Duration: hours}}},
			[]string{"blackouts[0]", "blackouts[1].dates[0]", "blackouts[1].dates[1]", "blackouts[2].icalendar", "blackouts[3].dates"}},
		{schedule.Spec{Cron: "0 0 * * *", Blackouts: make([]schedule.Blackout, 17)}, []string{"blackouts"}},
	} {
		_, err := c.spec.Compile("")
		var faults fault.Faults
		if err != nil && !errors.As(err, &faults) {
			t.Errorf("%+v: %v are not faults", c.spec, err)
		}
		var got []string
		for _, f := range faults {
			got = append(got, f.Field)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v:\n got %q (%v)\nwant %q", c.spec, got, err, c.want)
		}
	}
}

func TestSpecSurvivesJSON(t *testing.T) {
	t.Parallel()
	day := at(t, "2026-01-05T00:00:00Z")
	want := schedule.Spec{Cron: "0 0 * * *", Every: 90 * hours, At: day, RRule: "FREQ=DAILY", Anchor: day, Timezone: "UTC",
		DST: schedule.DST{Gap: schedule.GapSkip, Repeat: schedule.RepeatBoth}, Start: day, End: day, MaxRuns: 3, Spread: "10%",
		AnyOf:     []schedule.Rule{{Every: hours, Anchor: day, DST: schedule.DST{Gap: schedule.GapRunAfter}}},
		Blackouts: []schedule.Blackout{{Cron: "0 0 * * *", Duration: hours, Dates: []string{"2026-12-25"}, ICalendar: "x", Policy: schedule.BlackoutDefer}}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got schedule.Spec
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, %v", text, got, err)
	}
	if text, _ := json.Marshal(schedule.Spec{Cron: "* * * * *"}); string(text) != `{"cron":"* * * * *"}` {
		t.Errorf("what is not given is written: %s", text)
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		every         schedule.Duration
		anchor        *time.Time
		after, before string
		want, back    string
	}{
		{90 * hours / 3600, nil, "2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-05T00:01:30Z", "2026-01-04T23:58:30Z"},
		{hours, at(t, "2026-01-05T00:10:00Z"), "2026-01-05T00:10:00Z", "2026-01-05T00:10:00Z", "2026-01-05T01:10:00Z", "2026-01-04T23:10:00Z"},
		{hours, at(t, "2026-01-05T00:10:00.5Z"), "2026-01-05T00:10:00Z", "2026-01-05T00:10:00Z", "2026-01-05T00:10:01Z", "2026-01-04T23:10:01Z"},
		{7 * 24 * hours, at(t, "2030-01-01T00:00:00Z"), "2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", "2025-12-30T00:00:00Z"},
		{hours, nil, "2026-03-29T00:59:00Z", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "2026-03-29T00:00:00Z"},
	} {
		compiled := compile(t, schedule.Spec{Every: c.every, Anchor: c.anchor, Timezone: "Europe/Berlin"})
		if got, _ := compiled.Next(instant(t, c.after)); !got.Equal(instant(t, c.want)) {
			t.Errorf("%s: after %s: got %s, want %s", compiled, c.after, got, c.want)
		}
		if got, _ := compiled.Prev(instant(t, c.before)); !got.Equal(instant(t, c.back)) {
			t.Errorf("%s: before %s: got %s, want %s", compiled, c.before, got, c.back)
		}
	}
}

func TestOneInstant(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{At: at(t, "2026-01-05T09:00:00.001Z")})
	want := instant(t, "2026-01-05T09:00:01Z") // never early
	if got, ok := compiled.Next(time.Time{}); !ok || !got.Equal(want) {
		t.Errorf("got %s, %v", got, ok)
	}
	if got, ok := compiled.Next(want); ok {
		t.Errorf("fires again at %s", got)
	}
	if got, ok := compiled.Prev(want.Add(1)); !ok || !got.Equal(want) {
		t.Errorf("backward: got %s, %v", got, ok)
	}
	if got, ok := compiled.Prev(want); ok {
		t.Errorf("fired before at %s", got)
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	start, end := at(t, "2026-01-05T00:00:00Z"), at(t, "2026-01-05T03:00:00Z")
	for _, c := range []struct {
		spec schedule.Spec
		want []int
	}{
		{schedule.Spec{Start: start, End: end}, []int{0, 1, 2}},
		{schedule.Spec{Start: at(t, "2026-01-05T00:00:00.000000001Z"), End: end}, []int{1, 2}},
		{schedule.Spec{Start: start, End: at(t, "2026-01-05T03:00:00.000000001Z")}, []int{0, 1, 2, 3}},
		{schedule.Spec{Start: start, MaxRuns: 2}, []int{0, 1}},
		{schedule.Spec{Start: start, End: end, MaxRuns: 5}, []int{0, 1, 2}},
		{schedule.Spec{Start: start, MaxRuns: 1}, []int{0}},
	} {
		c.spec.Cron = "0 * * * *"
		compiled := compile(t, c.spec)
		var got []int
		for fire := range compiled.Between(start.AddDate(-1, 0, 0), start.AddDate(0, 0, 1)) {
			got = append(got, int(fire.Sub(*start)/time.Hour))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", compiled, got, c.want)
		}
		last, ok := compiled.Prev(start.AddDate(10, 0, 0))
		if want := start.Add(time.Duration(c.want[len(c.want)-1]) * time.Hour); !ok || !last.Equal(want) {
			t.Errorf("%s: last fire: got %s, want %s", compiled, last, want)
		}
	}
}

// Runs are counted after blackouts and spread: what did not fire is no run.
func TestMaxRunsCountsFires(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Cron: "0 * * * *", Start: at(t, "2026-01-05T00:00:00Z"), MaxRuns: 3,
		Blackouts: []schedule.Blackout{{Cron: "0 1 * * *", Duration: 5 * hours}}})
	var got []int
	for fire := range compiled.Between(time.Time{}, instant(t, "2030-01-01T00:00:00Z")) {
		got = append(got, fire.Hour())
	}
	if want := []int{0, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnyOfIsAUnion(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Timezone: "Europe/Berlin", AnyOf: []schedule.Rule{
		{Cron: "0 9 * * *"}, {Cron: "0 8 * * *", Timezone: "UTC"}, {Every: 12 * hours}, {At: at(t, "2026-01-05T10:00:00Z")}}})
	var got []int
	for fire := range compiled.Between(dawn, dawn.AddDate(0, 0, 1)) {
		got = append(got, fire.Hour())
	}
	if want := []int{0, 8, 10, 12}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if last, _ := compiled.Prev(dawn.Add(9 * time.Hour)); last.Hour() != 8 {
		t.Errorf("backward: got %s", last)
	}
}

func TestInstantsAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	extremes := []time.Time{{}, time.Unix(-1<<60, 0), time.Unix(1<<60, 0), time.Unix(0, 0),
		time.Date(1969, 12, 31, 23, 59, 59, 999, time.UTC), time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, spec := range []schedule.Spec{{Cron: "* * * * * *"}, {Cron: "0 0 29 2 *", Timezone: "Pacific/Kiritimati"}, {Every: hours},
		{At: &dawn}, {RRule: "FREQ=DAILY", Anchor: &dawn}, {Cron: "0 * * * *", Spread: "30d"}, {Cron: "0 * * * *", Spread: "100%"},
		{Cron: "0 * * * *", Blackouts: []schedule.Blackout{{Cron: "0 0 * * *", Duration: 5 * hours, Policy: schedule.BlackoutDefer}}}} {
		compiled := compile(t, spec)
		for _, when := range extremes {
			if next, ok := compiled.Next(when); ok && (!next.After(when) || next.Year() < 1970 || next.Year() > 2200) {
				t.Errorf("%s: after %s comes %s", compiled, when, next)
			} else if !ok && when.Before(dawn) {
				t.Errorf("%s: nothing after %s", compiled, when)
			}
			if prev, ok := compiled.Prev(when); ok && (!prev.Before(when) || prev.Year() < 1969 || prev.Year() > 2200) {
				t.Errorf("%s: before %s comes %s", compiled, when, prev)
			} else if !ok && when.After(dawn) {
				t.Errorf("%s: nothing before %s", compiled, when)
			}
		}
	}
}

func TestEqualSpecsHaveEqualTexts(t *testing.T) {
	t.Parallel()
	text := func(spec schedule.Spec, seed string) string {
		compiled, err := spec.Compile(seed)
		if err != nil {
			t.Fatal(err)
		}
		return compiled.String()
	}
	plain := schedule.Spec{Cron: "30 2 * * MON-FRI", Timezone: "Europe/Berlin"}
	want := "cron 30 2 * * 1-5 Europe/Berlin"
	for _, same := range []schedule.Spec{plain, {Cron: "CRON_TZ=Europe/Berlin 0 30 2 ? * 1,2,3,4,5 *"},
		{AnyOf: []schedule.Rule{{Cron: "30 2 * * 1-5", Timezone: "Europe/Berlin", DST: schedule.DST{Gap: schedule.GapRunAfter}}}}} {
		if got := text(same, "a"); got != want {
			t.Errorf("%+v: got %q, want %q", same, got, want)
		}
	}
	differ := plain
	differ.DST.Gap = schedule.GapSkip
	if got := text(differ, "a"); got != want+" gap=skip" {
		t.Errorf("got %q", got)
	}
	for _, seeded := range []schedule.Spec{{Cron: "H H * * *"}, {Cron: "0 * * * *", Spread: "30m"}, {Cron: "0 * * * *", Spread: "50%"}} {
		if a, b := text(seeded, "a"), text(seeded, "b"); a == b {
			t.Errorf("%+v: two seeds, one text %q", seeded, a)
		}
	}
}

func TestCanonicalTexts(t *testing.T) {
	t.Parallel()
	monday := at(t, "2026-01-05T09:00:00Z")
	for _, c := range []struct {
		spec schedule.Spec
		want string
	}{
		{schedule.Spec{Every: hours}, "every 1h"},
		{schedule.Spec{Every: hours, Anchor: at(t, "2026-01-05T09:07:00Z"), Timezone: "Asia/Tokyo"}, "every 1h from 1970-01-01T00:07:00Z"},
		{schedule.Spec{At: at(t, "2026-01-05T10:00:00+01:00")}, "at 2026-01-05T09:00:00Z"},
		{schedule.Spec{RRule: "freq=weekly;byday=fr,mo", Anchor: monday, DST: schedule.DST{Repeat: schedule.RepeatSecond}},
			"rrule FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,FR;BYHOUR=9;BYMINUTE=0;BYSECOND=0 from 2026-01-05T09:00:00 UTC repeat=second"},
		{schedule.Spec{RRule: "DTSTART:20260105T090000\nRRULE:FREQ=DAILY\nEXDATE:20260107T090000,20260106T090000\nRDATE:20260106T100000"},
			"rrule FREQ=DAILY;INTERVAL=1;BYHOUR=9;BYMINUTE=0;BYSECOND=0 from 2026-01-05T09:00:00 UTC except 2026-01-06T09:00:00Z,2026-01-07T09:00:00Z and 2026-01-06T10:00:00Z"},
		{schedule.Spec{AnyOf: []schedule.Rule{{Every: hours}, {Cron: "@daily"}, {Every: hours}}}, "cron 0 0 * * * UTC | every 1h"},
		{schedule.Spec{Cron: "0 */2 * * *", DST: schedule.DST{Gap: schedule.GapSkip}}, "cron 0 */2 * * * UTC"},
		{schedule.Spec{Every: hours, Start: monday, End: at(t, "2026-02-01T00:00:00Z"), Blackouts: []schedule.Blackout{
			{Cron: "0 0 * * SAT", Duration: 24 * hours}, {Dates: []string{"2026-12-26", "2026-12-25"}, Policy: schedule.BlackoutDefer}}},
			"every 1h start=2026-01-05T09:00:00Z end=2026-02-01T00:00:00Z skip(cron 0 0 * * 6 UTC repeat=both for 1d) defer(2026-12-25T00:00:00Z/2026-12-27T00:00:00Z)"},
	} {
		if got := compile(t, c.spec).String(); got != c.want {
			t.Errorf("%+v:\n got %q\nwant %q", c.spec, got, c.want)
		}
	}
	holidays := func(day string) string {
		return compile(t, schedule.Spec{Every: hours, Blackouts: []schedule.Blackout{{ICalendar: calendar("DTSTART;VALUE=DATE:" + day + "\nRRULE:FREQ=YEARLY")}}}).String()
	}
	if a, b := holidays("20201225"), holidays("20201226"); a == b || len(a) > 60 {
		t.Errorf("many windows: got %q and %q", a, b)
	}
}

// A hostile spec must not keep Compile busy either.
func TestCountingRunsIsBounded(t *testing.T) {
	t.Parallel()
	spec := schedule.Spec{Cron: "0 2 * * *", Start: &dawn, MaxRuns: 9000, Blackouts: []schedule.Blackout{{Cron: "0 0 1-27 * *", Duration: 6 * hours}}}
	if compiled, err := spec.Compile(""); err == nil || !strings.Contains(err.Error(), "max_runs: takes too long") {
		t.Errorf("got %v, %v", compiled, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Cron: "*/7 * * * *", Timezone: "America/New_York", Spread: "50%",
		Blackouts: []schedule.Blackout{{Cron: "0 1 * * *", Duration: hours, Policy: schedule.BlackoutDefer}}})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			when := dawn.AddDate(0, i, 0)
			for range 200 {
				when, _ = compiled.Next(when)
				compiled.Prev(when)
			}
			_ = compiled.Describe() + compiled.String() + strings.Join(compiled.Warnings(when), "")
		})
	}
	group.Wait()
}

// A zone that a rule names is the schedule's: for its words and its blackouts.
func TestTheZoneOfARuleIsTheSchedules(t *testing.T) {
	t.Parallel()
	start := at(t, "2026-01-05T23:30:00Z")
	tokyo := "Asia/Tokyo"
	for _, c := range []struct {
		spec schedule.Spec
		zone string
	}{
		{schedule.Spec{Cron: "0 0 * * *"}, "UTC"},
		{schedule.Spec{Cron: "0 0 * * *", Timezone: tokyo}, tokyo},
		{schedule.Spec{Cron: "CRON_TZ=Asia/Tokyo 0 0 * * *"}, tokyo},
		{schedule.Spec{Cron: "TZ=Asia/Tokyo 0 0 * * *", Timezone: tokyo}, tokyo},
		{schedule.Spec{RRule: "DTSTART;TZID=Asia/Tokyo:20260101T000000\nRRULE:FREQ=DAILY"}, tokyo},
		{schedule.Spec{AnyOf: []schedule.Rule{{Cron: "TZ=Asia/Tokyo 0 0 * * *"}, {Cron: "0 12 * * *", Timezone: tokyo}}}, tokyo},
		{schedule.Spec{AnyOf: []schedule.Rule{{Cron: "TZ=Asia/Tokyo 0 0 * * *"}, {Cron: "0 12 * * *"}}}, "UTC"},
		{schedule.Spec{AnyOf: []schedule.Rule{{Cron: "TZ=Europe/Berlin 0 0 * * *"}}, Timezone: tokyo}, tokyo},
	} {
		c.spec.Start, c.spec.Blackouts = start, []schedule.Blackout{{Dates: []string{"2026-01-07"}}}
		compiled := compile(t, c.spec)
		if got := compiled.Zone().String(); got != c.zone {
			t.Errorf("%s: got zone %s, want %s", compiled, got, c.zone)
		}
		if want := "from " + start.In(compiled.Zone()).Format("2006-01-02 15:04 "); !strings.Contains(compiled.Describe(), want) {
			t.Errorf("%s: got %q, want it to hold %q", compiled, compiled.Describe(), want)
		}
		morning := time.Date(2026, 1, 7, 0, 0, 0, 0, compiled.Zone()).UTC().Format(time.RFC3339)
		if !strings.Contains(compiled.String(), "skip("+morning) {
			t.Errorf("the blackout of %s does not begin at %s", compiled, morning)
		}
	}
}

func TestContradictingZonesAreBothNamed(t *testing.T) {
	t.Parallel()
	_, err := schedule.Spec{Cron: "CRON_TZ=Asia/Tokyo 0 0 * * *", Timezone: "Europe/Berlin"}.Compile("")
	if err == nil || !strings.Contains(err.Error(), `timezone: "Europe/Berlin" contradicts cron, which names the zone "Asia/Tokyo"`) {
		t.Errorf("got %v", err)
	}
}
