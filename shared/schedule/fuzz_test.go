package schedule_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// fuzzZones differ in how they change their clocks.
var fuzzZones = []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
	"Africa/Casablanca", "America/Nuuk", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Cairo", "Antarctica/Troll"}

// checkInvariants holds a schedule against what must be true of any.
func checkInvariants(t *testing.T, compiled *schedule.Schedule, after time.Time) {
	t.Helper()
	quick(t, searchPaces, func() { compiled.Next(after) }, "%s: Next(%s)", compiled, after)
	quick(t, searchPaces, func() { compiled.Prev(after) }, "%s: Prev(%s)", compiled, after)
	last, begun := after, false
	for range 5 {
		at, ok := compiled.Next(last)
		if !ok {
			break
		}
		if !at.After(last) || at.Location() != time.UTC || at.Nanosecond() != 0 || at.Year() < 1970 || at.Year() > 2199 {
			t.Fatalf("%s: after %s comes %s", compiled, last, at)
		}
		prev, ok := compiled.Prev(at)
		if begun && (!ok || !prev.Equal(last)) || !begun && ok && prev.After(after) {
			t.Fatalf("%s: after %s comes %s, before which comes %s", compiled, last, at, prev)
		}
		if again, ok := compiled.Prev(at.Add(1)); !ok || !again.Equal(at) {
			t.Fatalf("%s: the last fire up to %s is %s", compiled, at, again)
		}
		if nominal, ok := compiled.Nominal(at); !ok || nominal.After(at) {
			t.Fatalf("%s: fire %s has nominal %s, %v", compiled, at, nominal, ok)
		}
		last, begun = at, true
	}
	if compiled.Describe() == "" {
		t.Fatalf("%s: no words", compiled)
	}
	compiled.Warnings(after)
}

// FuzzCron compiles any text as a cron expression.
func FuzzCron(f *testing.F) {
	for i, r := range readTable(f) {
		f.Add(r.spec.Cron, uint8(i), int64(i)*86_400_000, "seed")
	}
	f.Add("H H(0-6)/2 H(22-4) * *", uint8(1), int64(0), "job-1")
	f.Add("0 0 0 1 1 ? */9223372036854775807", uint8(1), int64(0), "job-1")
	f.Add("0 0 0 1 1 ? 2020/9223372036854775000", uint8(1), int64(0), "job-1")
	f.Fuzz(func(t *testing.T, text string, variant uint8, after int64, seed string) {
		spec := schedule.Spec{Cron: text, Timezone: fuzzZones[int(variant)%len(fuzzZones)], DST: sweepPolicies[int(variant)%len(sweepPolicies)]}
		quick(t, compilePaces, func() { spec.Compile(seed) }, "Compile of %q", text)
		compiled, err := spec.Compile(seed)
		if err != nil {
			if compiled != nil || err.Error() == "" {
				t.Fatalf("%q: got %v beside %v", text, compiled, err)
			}
			return
		}
		checkInvariants(t, compiled, time.Unix(after, 0))
	})
}

// FuzzEngine builds an expression and compares the engine with the oracle
// around a change of the clocks.
func FuzzEngine(f *testing.F) {
	f.Add("0", "30", "2", "*", "*", "*", uint8(1), uint8(0))
	f.Add("*/20", "15-45/5", "1,2,3", "L,15W", "3,10", "0L", uint8(13), uint8(5))
	f.Fuzz(func(t *testing.T, second, minute, hour, dom, month, dow string, zone, change uint8) {
		text := strings.Join([]string{second, minute, hour, dom, month, dow}, " ")
		spec := schedule.Spec{Cron: text, Timezone: fuzzZones[int(zone)%len(fuzzZones)], DST: sweepPolicies[int(zone)%len(sweepPolicies)]}
		compiled, err := spec.Compile("")
		if err != nil || len(strings.Fields(text)) != 6 || strings.ContainsAny(text, "Hh@=") {
			return
		}
		at := fuzzChange(t, spec.Timezone, int(change))
		location := locationOf(t, spec.Timezone)
		seen := newOracle(text).see(watch(location, at.Add(-4*time.Hour), at.Add(4*time.Hour), time.Second), time.Second)
		from, to := at.Add(-time.Hour), at.Add(time.Hour)
		want := within(seen.fires(spec.DST), from, to)
		if got := slices.Collect(compiled.Between(from, to)); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%q in %s under %v from %s:\n got %v\nwant %v", text, spec.Timezone, spec.DST, from, got, want)
		}
	})
}

// fuzzChange returns one of the instants at which a zone changes its clocks.
func fuzzChange(t *testing.T, zone string, n int) time.Time {
	t.Helper()
	location := locationOf(t, zone)
	found := changes(location, 2024, 2027)
	if len(found) == 0 {
		return time.Date(2026, 2, 28, 22, 0, 0, 0, time.UTC).AddDate(0, n, 0)
	}
	return found[n%len(found)]
}

// FuzzRRule compiles any text as a recurrence rule.
func FuzzRRule(f *testing.F) {
	for _, r := range rfcRules {
		f.Add("DTSTART:20260105T090000\nRRULE:"+r[0], int64(1_800_000_000))
		f.Add(r[0], int64(1_800_000_000))
	}
	f.Add("DTSTART;TZID=Europe/Berlin:20260329T023000\nRRULE:FREQ=DAILY\nEXDATE:20260330T023000\nRDATE;VALUE=DATE:20260401", int64(1_774_000_000))
	f.Add("DTSTART;TZID=\xcc\xcc\xcc:", int64(0))
	f.Fuzz(func(t *testing.T, text string, after int64) {
		for _, spec := range []schedule.Spec{{RRule: text}, {RRule: text, Anchor: &dawn, Timezone: "Europe/Berlin"}} {
			quick(t, compilePaces, func() { spec.Compile("") }, "Compile of %q", text)
			compiled, err := spec.Compile("")
			if err == nil {
				checkInvariants(t, compiled, time.Unix(after, 0))
			}
		}
	})
}

// FuzzCalendar compiles any text as an iCalendar file of blackouts.
func FuzzCalendar(f *testing.F) {
	f.Add(calendar("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227\nRRULE:FREQ=YEARLY"), int64(1_798_000_000), true)
	f.Add(calendar("DTSTART;TZID=America/New_York:20260105T090000\nDURATION:PT3H\nRRULE:FREQ=DAILY\nEXDATE:20260106T090000"), int64(1_768_000_000), false)
	f.Add(calendar("UID:x\nDTSTART:20260105T090000Z\nDURATION:PT1H", "UID:x\nRECURRENCE-ID:20260106T090000Z\nDTSTART:20260106T150000Z"), int64(1_768_000_000), true)
	f.Fuzz(func(t *testing.T, text string, after int64, defers bool) {
		b := schedule.Blackout{ICalendar: text}
		if defers {
			b.Policy = schedule.BlackoutDefer
		}
		spec := schedule.Spec{Cron: "0 * * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{b}}
		quick(t, compilePaces, func() { spec.Compile("") }, "Compile of %q", text)
		compiled, err := spec.Compile("")
		if err == nil {
			checkInvariants(t, compiled, time.Unix(after, 0))
		}
	})
}

// FuzzSpec compiles any JSON document as a spec.
func FuzzSpec(f *testing.F) {
	for _, text := range []string{
		`{"cron": "30 2 * * *", "timezone": "Europe/Berlin", "dst": {"gap": "skip"}, "spread": "10%"}`,
		`{"every": "90s", "anchor": "2026-01-05T09:00:00Z", "start": "2026-01-05T09:00:00Z", "max_runs": 5}`,
		`{"any_of": [{"cron": "0 9 * * 1-5"}, {"every": "7h"}, {"at": "2026-01-05T09:00:00Z"}], "spread": "30m"}`,
		`{"cron": "*/20 * * * *", "blackouts": [{"cron": "0 1 * * *", "duration": "5h", "policy": "defer"}, {"dates": ["2026-12-24/2027-01-01"]}]}`,
	} {
		f.Add(text, int64(1_768_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, after int64) {
		var spec schedule.Spec
		if json.Unmarshal([]byte(text), &spec) != nil {
			return
		}
		quick(t, compilePaces, func() { spec.Compile("job-1") }, "Compile of %q", text)
		if compiled, err := spec.Compile("job-1"); err == nil {
			checkInvariants(t, compiled, time.Unix(after, 0))
		}
	})
}
