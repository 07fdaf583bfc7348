package schedule_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

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

func TestCommonSpecsAllocateNothing(t *testing.T) {
	for _, spec := range commonSpecs {
		compiled := compile(t, spec)
		if n := testing.AllocsPerRun(100, func() { compiled.Next(dawn); compiled.Prev(dawn) }); n > 0 {
			t.Errorf("%s: %g allocations", compiled, n)
		}
	}
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

func BenchmarkCompile(b *testing.B) {
	for _, spec := range append(slices.Clone(commonSpecs), schedule.Spec{RRule: "FREQ=MONTHLY;BYDAY=-1FR", Anchor: &dawn},
		schedule.Spec{Cron: "0,15,30,45 9-17 1,15,L * MON-FRI", Timezone: "Europe/Berlin"}) {
		b.Run(strings.ReplaceAll(spec.Cron+spec.RRule+spec.Spread, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := spec.CompileAnew("job-1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompileAgain compiles what is in use already.
func BenchmarkCompileAgain(b *testing.B) {
	for _, spec := range commonSpecs {
		inUse := compile(b, spec)
		b.Run(strings.ReplaceAll(inUse.String(), " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := spec.Compile("job-2"); err != nil {
					b.Fatal(err)
				}
			}
		})
		runtime.KeepAlive(inUse)
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
