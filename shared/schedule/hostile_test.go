package schedule_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// hostileSpecs are what somebody would send to keep a planner busy.
var hostileSpecs = []schedule.Spec{
	{Cron: "0 0 29 2 *", Timezone: "Africa/Casablanca"},
	{Cron: "0 0 29 2 */7", Timezone: "Africa/Casablanca"},
	{Cron: "0 0 0 29 2 */7 2004-2199/28", Timezone: "Africa/Casablanca"},
	{Cron: "0 0 0 1 1 * 2199", Timezone: "Africa/Casablanca"},
	{Cron: "0 0 0 1 1 * 1970", Timezone: "Africa/Casablanca"},
	{Cron: "59 59 23 31 12 */7", Timezone: "Africa/Casablanca"},
	{Cron: "0 30 2 29 3 *", Timezone: "Europe/Berlin", DST: schedule.DST{Gap: schedule.GapSkip}},
	{Cron: "0 0 29W 2 *", Timezone: "Europe/Berlin"},
	{Cron: "* * * * * *", Timezone: "Africa/Casablanca", Spread: "100%"},
	{RRule: "FREQ=YEARLY;BYYEARDAY=366;BYDAY=SU;BYSETPOS=-1", Anchor: &dawn},
	{RRule: "FREQ=YEARLY;BYYEARDAY=366;BYDAY=SU;BYMONTHDAY=31;BYSETPOS=1", Anchor: &dawn},
	{RRule: "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTHDAY=3", Anchor: &dawn},
	{RRule: "FREQ=YEARLY;INTERVAL=97;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1,100,200", Anchor: &dawn},
	{RRule: "FREQ=DAILY;INTERVAL=10000", Anchor: &dawn},
	{RRule: "FREQ=DAILY;INTERVAL=9999;BYDAY=MO", Anchor: &dawn},
	{RRule: "FREQ=WEEKLY;INTERVAL=1000;BYDAY=MO;BYMONTH=1", Anchor: &dawn},
	{RRule: "FREQ=MONTHLY;INTERVAL=1001;BYDAY=MO,TU;BYSETPOS=2", Anchor: &dawn},
	{RRule: "FREQ=HOURLY;INTERVAL=23;BYMONTH=2;BYMONTHDAY=29", Anchor: &dawn},
	{RRule: "FREQ=SECONDLY;INTERVAL=9973;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU", Anchor: &dawn, Timezone: "Europe/Berlin"},
	{RRule: "FREQ=SECONDLY\nEXDATE:" + exdates(60), Anchor: &dawn},
	{AnyOf: slices.Repeat([]schedule.Rule{{Cron: "0 0 29 2 */7", Timezone: "Africa/Casablanca"}}, 16), Spread: "100%"},
	{Cron: "0 2 * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 24 * hours}}},
	{AnyOf: manyRules("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=FR;BYSETPOS=" + places(235)), Spread: "100%"},
	{AnyOf: manyRules("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=" + places(230)), Spread: "100%"},
	{AnyOf: manyRules("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=" + places(230)), Spread: "100%",
		Blackouts: []schedule.Blackout{{Cron: "0 0 0 * * * 1972-2190", Duration: 24 * hours}}},
	{Cron: "0 2 * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 6 * hours, Policy: schedule.BlackoutDefer}}},
	{Cron: "30 * * * * *", Blackouts: []schedule.Blackout{{Cron: "0 * 1-12 * *", Duration: hours}}},
	{Cron: "30 * * * * *", Blackouts: []schedule.Blackout{{Cron: "0 * 1-12 * *", Duration: hours, Policy: schedule.BlackoutDefer}}},
	{Cron: "30 2 * * *", Spread: "100%", Blackouts: slices.Repeat([]schedule.Blackout{{Cron: "0 0 1-20 * *", Duration: 24 * hours, Policy: schedule.BlackoutDefer}}, 4)},
	{RRule: "FREQ=YEARLY;BYWEEKNO=53,-53,20;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-366,1,2,3,-1", Anchor: &dawn},
	{RRule: "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTHDAY=3;BYYEARDAY=3;BYSETPOS=1", Anchor: &dawn, Spread: "100%"},
	{AnyOf: slices.Repeat([]schedule.Rule{{RRule: "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTHDAY=3;BYSETPOS=-1", Anchor: &dawn}}, 16), Spread: "100%"},
	{AnyOf: slices.Repeat([]schedule.Rule{{RRule: "FREQ=DAILY;INTERVAL=9999;BYDAY=MO", Anchor: &dawn}}, 16), Spread: "100%"},
	{AnyOf: slices.Repeat([]schedule.Rule{{RRule: "FREQ=SECONDLY\nEXDATE:" + exdates(60), Anchor: &dawn}}, 16), Spread: "100%"},
	{AnyOf: slices.Repeat([]schedule.Rule{{Cron: "30 2 25-31 3 */7", Timezone: "Europe/Berlin", DST: schedule.DST{Gap: schedule.GapSkip}}}, 16), Spread: "100%"},
	{Cron: "0 0 1 * *", Blackouts: []schedule.Blackout{{ICalendar: calendar(
		"DTSTART:19700101T000000Z\nDURATION:P27D\nRRULE:FREQ=MONTHLY", "DTSTART:19700101T000000Z\nDURATION:PT30M\nRRULE:FREQ=HOURLY",
		"DTSTART:19700101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY;INTERVAL=3", "DTSTART:19700101T000000Z\nDURATION:PT2S\nRRULE:FREQ=SECONDLY;INTERVAL=5"), Policy: schedule.BlackoutDefer},
		{Dates: []string{"2026-01-01/2026-12-31"}}}},
}

func manyRules(rule string) (rules []schedule.Rule) {
	for i := range 16 {
		rules = append(rules, schedule.Rule{RRule: fmt.Sprintf("DTSTART;TZID=Africa/Casablanca:19720229T02%02d00\nRRULE:%s", i, rule)})
	}
	return rules
}

// places lists the numbers from 1 on.
func places(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(1 + i)
	}
	return strings.Join(list, ",")
}

func exdates(n int) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = dawn.Add(time.Duration(i) * time.Second).Format("20060102T150405")
	}
	return strings.Join(texts, ",")
}

// whens are instants to search from: ordinary ones, changes of the clocks, and
// far from any fire of a rare schedule.
var whens = []time.Time{
	time.Date(2026, 1, 5, 12, 34, 56, 0, time.UTC), time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC),
	time.Date(1970, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(2056, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC),
	time.Date(2030, 1, 1, 2, 0, 0, 0, time.UTC), time.Date(2199, 12, 31, 23, 0, 0, 0, time.UTC),
}

func TestHostileSpecsAreBounded(t *testing.T) {
	for i, spec := range hostileSpecs {
		quickCompile(t, spec)
		compiled, err := spec.Compile("job-1")
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		quickSearches(t, compiled)
	}
}

func TestNastySpecsAreBounded(t *testing.T) {
	n, accepted := nasty{rand.New(rand.NewPCG(5, 6))}, 0
	for range 200 {
		spec := n.spec()
		quickCompile(t, spec)
		if compiled, err := spec.Compile("job-1"); err == nil {
			accepted++
			quickSearches(t, compiled)
		}
	}
	if accepted < 60 {
		t.Errorf("only %d specs are accepted", accepted)
	}
}

func quickCompile(t *testing.T, spec schedule.Spec) {
	t.Helper()
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	quick(t, compilePaces, func() { spec.CompileAnew("job-1") }, "Compile of %.500s", text)
}

func quickSearches(t *testing.T, compiled *schedule.Schedule) {
	t.Helper()
	for _, when := range whens {
		quick(t, searchPaces, func() { compiled.Next(when) }, "%.500s: Next(%s)", compiled, when)
		quick(t, searchPaces, func() { compiled.Prev(when) }, "%.500s: Prev(%s)", compiled, when)
	}
}

// What is short to write must not be long to work out.
func TestHostileCalendarsAreBounded(t *testing.T) {
	monday := "DTSTART:20260105T090000Z\nDURATION:PT1H\nUID:x"
	for _, events := range [][]string{
		slices.Repeat([]string{"DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTHDAY=3;BYSETPOS=-1"}, 900),
		slices.Repeat([]string{"DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=DAILY;INTERVAL=9999;BYDAY=MO"}, 900),
		slices.Repeat([]string{"DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY;BYYEARDAY=366;COUNT=10000;BYDAY=SU"}, 900),
		slices.Repeat([]string{monday + "\nRRULE:FREQ=DAILY;COUNT=10000"}, 900),
		slices.Repeat([]string{monday + "\nRRULE:FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=" + places(220)}, 230),
		slices.Repeat([]string{monday + "\nRRULE:FREQ=YEARLY;UNTIL=20300101"}, 1200),
		slices.Repeat([]string{monday + "\nRRULE:FREQ=MONTHLY;COUNT=400", monday + "\nRECURRENCE-ID:20260105T090000Z"}, 600),
	} {
		quickCompile(t, schedule.Spec{Cron: "0 0 * * *", Blackouts: []schedule.Blackout{{ICalendar: calendar(events...)}}})
	}
}

// BenchmarkHostile reports the slowest search of all hostile specs from all
// instants, forward and backward.
func BenchmarkHostile(b *testing.B) {
	for i, spec := range hostileSpecs {
		compiled := compile(b, spec)
		b.Run(fmt.Sprint(i), func(b *testing.B) {
			var slowest time.Duration
			for b.Loop() {
				slowest = 0
				for _, when := range whens {
					slowest = max(slowest, fastest(func() { compiled.Next(when) }), fastest(func() { compiled.Prev(when) }))
				}
			}
			b.ReportMetric(float64(slowest.Nanoseconds()), "slowest-ns")
		})
	}
}

func TestPrevAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	s, err := (schedule.Spec{Cron: "0 0 * * *"}).Compile("seed")
	if err != nil {
		t.Fatal(err)
	}
	for _, before := range []time.Time{time.Unix(math.MinInt64, 0), time.Unix(-1, 5), time.Unix(0, 0)} {
		if at, ok := s.Prev(before); ok {
			t.Errorf("before %d comes %s", before.Unix(), at)
		}
	}
	for _, before := range []time.Time{time.Unix(math.MaxInt64, 999), time.Unix(0, 1)} {
		if at, ok := s.Prev(before); !ok || at.Unix() > before.Unix() {
			t.Errorf("before %d comes %s, %v", before.Unix(), at, ok)
		}
	}
}
