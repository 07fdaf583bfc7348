package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// commonSpecs are the forms that most jobs have.
var commonSpecs = []schedule.Spec{
	{Cron: "* * * * *"},
	{Cron: "*/5 * * * *", Timezone: "Europe/Berlin"},
	{Cron: "0 * * * *", Timezone: "America/New_York"},
	{Cron: "30 2 * * *", Timezone: "Europe/Berlin"},
	{Cron: "0 9 * * 1-5", Timezone: "America/New_York"},
	{Cron: "0 0 1 * *", Timezone: "Asia/Tokyo"},
	{Cron: "0 0 L * *"},
	{Cron: "0 0 * * 5#3", Timezone: "Europe/Berlin"},
	{Cron: "H H * * *", Spread: "10m"},
	{Cron: "*/10 * * * * *"},
	{Every: hours / 40},
}

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
	{Cron: "0 2 * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 6 * hours}}},
	{Cron: "0 2 * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{Cron: "0 0 * 1-11 *", Duration: 6 * hours, Policy: schedule.BlackoutDefer}}},
	{Cron: "30 * * * * *", Blackouts: []schedule.Blackout{{Cron: "0 * 1-12 * *", Duration: hours}}},
	{Cron: "30 * * * * *", Blackouts: []schedule.Blackout{{Cron: "0 * 1-12 * *", Duration: hours, Policy: schedule.BlackoutDefer}}},
	{Cron: "30 2 * * *", Spread: "100%", Blackouts: slices.Repeat([]schedule.Blackout{{Cron: "0 0 1-20 * *", Duration: 24 * hours, Policy: schedule.BlackoutDefer}}, 4)},
	{AnyOf: slices.Repeat([]schedule.Rule{{Cron: "0 2 * * *", Timezone: "Africa/Casablanca"}}, 16),
		Blackouts: slices.Repeat([]schedule.Blackout{{Cron: "0 0 1-20 * *", Duration: 24 * hours}}, 4), Spread: "100%"},
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

func TestCommonSpecsAllocateNothing(t *testing.T) {
	for _, spec := range commonSpecs {
		compiled := compile(t, spec)
		if n := testing.AllocsPerRun(100, func() { compiled.Next(dawn); compiled.Prev(dawn) }); n > 0 {
			t.Errorf("%s: %g allocations", compiled, n)
		}
	}
}

// The benchmarks hold the figures (100 µs for hostile specs); this bound only
// catches searches that run away, on any machine and under the race detector.
func TestHostileSpecsAreBounded(t *testing.T) {
	const runaway = 5 * time.Millisecond
	for _, spec := range hostileSpecs {
		compiled := compile(t, spec)
		for _, when := range whens {
			if took := fastest(func() { compiled.Next(when) }); took > runaway {
				t.Errorf("%s: Next(%s) took %s", compiled, when, took)
			}
			if took := fastest(func() { compiled.Prev(when) }); took > runaway {
				t.Errorf("%s: Prev(%s) took %s", compiled, when, took)
			}
		}
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

func BenchmarkNext(b *testing.B) {
	for _, spec := range commonSpecs {
		compiled := compile(b, spec)
		b.Run(strings.ReplaceAll(compiled.String(), " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			when := whens[0]
			for b.Loop() {
				when, _ = compiled.Next(when)
				if when.Year() > 2030 {
					when = whens[0]
				}
			}
		})
	}
}

func BenchmarkPrev(b *testing.B) {
	compiled := compile(b, schedule.Spec{Cron: "0 9 * * 1-5", Timezone: "America/New_York"})
	b.ReportAllocs()
	for b.Loop() {
		compiled.Prev(whens[0])
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

func BenchmarkCompile(b *testing.B) {
	for _, spec := range append(slices.Clone(commonSpecs), schedule.Spec{RRule: "FREQ=MONTHLY;BYDAY=-1FR", Anchor: &dawn},
		schedule.Spec{Cron: "0,15,30,45 9-17 1,15,L * MON-FRI", Timezone: "Europe/Berlin"}) {
		b.Run(strings.ReplaceAll(spec.Cron+spec.RRule+spec.Spread, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := spec.Compile("job-1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDescribe(b *testing.B) {
	compiled := compile(b, schedule.Spec{Cron: "*/15 9-17 * * MON-FRI", Timezone: "Europe/Berlin"})
	b.ReportAllocs()
	for b.Loop() {
		compiled.Describe()
	}
}

func BenchmarkWarnings(b *testing.B) {
	compiled := compile(b, schedule.Spec{Cron: "30 2 * * *", Timezone: "Europe/Berlin"})
	b.ReportAllocs()
	for b.Loop() {
		compiled.Warnings(dawn)
	}
}
