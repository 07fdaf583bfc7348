package schedule_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// zoneNames are all names of the tz database.
func zoneNames(t testing.TB) []string {
	text, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// locationOf returns a zone as the standard library reads it, in the edition of
// the database that the program carries: the machine's may be another.
func locationOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone := compile(t, schedule.Spec{Cron: "* * * * *", Timezone: name}).Zone()
	if zone.String() != name {
		t.Fatalf("got zone %s, want %s", zone, name)
	}
	return zone
}

// changes finds the instants between two years at which a zone changes its
// clocks, by looking at them every quarter of an hour.
func changes(zone *time.Location, from, to int) (found []time.Time) {
	const step = 15 * time.Minute
	end := time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC)
	at := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
	_, before := at.In(zone).Zone()
	for at.Before(end) {
		next := at.Add(24 * time.Hour)
		if _, after := next.In(zone).Zone(); after != before {
			for next = at.Add(step); ; next = next.Add(step) {
				if _, after = next.In(zone).Zone(); after != before {
					break
				}
			}
			found, before = append(found, next), after
		}
		at = next
	}
	return found
}

// sweepSpecs are held against every change of the clocks. Each is chosen to be
// hurt by some: fires in the usual gaps, at their edges, at midnight, around
// them, and elapsed time.
var sweepSpecs = []string{
	"30 2 * * *",
	"0 2 * * *",
	"0 3 * * *",
	"30 1 * * *",
	"0 0 * * *",
	"59 23 * * *",
	"*/20 0-4 * * *",
	"15 0,1,2,3,22,23 * * *",
	"45 1-3 * * SUN",
	"0 12 L * *",
	"7 0-23 * * *",
	"*/4 2 * * *",
	"*/30 * * * *",
	"0 */2 * * *",
	"30 */6 * * *",
	"10 * * * SAT,SUN",
}

var sweepPolicies = []schedule.DST{
	{Gap: schedule.GapRunAfter, Repeat: schedule.RepeatFirst},
	{Gap: schedule.GapSkip, Repeat: schedule.RepeatSecond},
	{Gap: schedule.GapRunAfter, Repeat: schedule.RepeatBoth},
	{Gap: schedule.GapSkip, Repeat: schedule.RepeatFirst},
	{Gap: schedule.GapRunAfter, Repeat: schedule.RepeatSecond},
	{Gap: schedule.GapSkip, Repeat: schedule.RepeatBoth},
}

// Every zone that changes its clocks from 2020 to 2030 is watched minute by
// minute around every change, and every fire that the watch sees must be the
// engine's, forward and backward, under every policy.
func TestEngineAgreesWithOracleInEveryZone(t *testing.T) {
	t.Parallel()
	watched := 0
	for _, name := range zoneNames(t) {
		location := locationOf(t, name)
		found := changes(location, 2020, 2031)
		if len(found) == 0 {
			continue
		}
		watched++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compiled := compileSweep(t, name)
			for _, at := range found {
				compareSweep(t, compiled, seenAround(location, at), at.Add(-13*time.Hour), at.Add(13*time.Hour))
			}
		})
	}
	if watched < 150 {
		t.Errorf("only %d zones change their clocks; are the zones there?", watched)
	}
}

// change is all that a watch around one change of the clocks depends on.
type change struct {
	at            int64
	before, after int
}

// seen keeps what was seen around a change: zones that keep the same time share
// it, and only the engine is asked once for each.
var seen sync.Map

func seenAround(location *time.Location, at time.Time) []sighting {
	from, to := at.Add(-17*time.Hour), at.Add(17*time.Hour)
	_, before := from.In(location).Zone()
	_, after := to.In(location).Zone()
	key := change{at.Unix(), before, after}
	if known, ok := seen.Load(key); ok {
		return known.([]sighting)
	}
	sightings := watchSweep(watch(location, from, to, time.Minute), time.Minute)
	seen.Store(key, sightings)
	return sightings
}

// Changes of another kind: half an hour, a whole day, midnight, twice a year
// against the season, and offsets of a quarter of an hour.
func TestEngineAgreesWithOracleAtOddChanges(t *testing.T) {
	t.Parallel()
	for _, zone := range []struct {
		name     string
		from, to int
		step     time.Duration
	}{
		{"Australia/Lord_Howe", 2005, 2015, time.Minute},
		{"Pacific/Chatham", 2005, 2015, time.Minute},
		{"Pacific/Apia", 2009, 2015, time.Minute},
		{"Pacific/Fakaofo", 2011, 2013, time.Minute},
		{"Pacific/Kwajalein", 1993, 1994, time.Minute},
		{"Africa/Casablanca", 2018, 2028, time.Minute},
		{"America/Nuuk", 2021, 2028, time.Minute},
		{"Asia/Kathmandu", 1985, 1987, time.Minute},
		{"America/Sao_Paulo", 2008, 2020, time.Minute},
		{"Africa/Cairo", 2008, 2016, time.Minute},
		{"Africa/Monrovia", 1971, 1973, 30 * time.Second}, // 44 minutes and 30 seconds
		{"America/St_Johns", 1985, 1990, time.Minute},
		{"Antarctica/Troll", 2005, 2012, time.Minute},
		{"Asia/Pyongyang", 2015, 2019, time.Minute},
		{"America/Caracas", 2007, 2017, time.Minute},
		{"Europe/Dublin", 1970, 1973, time.Minute},
		{"Asia/Gaza", 2020, 2040, time.Minute},
	} {
		t.Run(zone.name, func(t *testing.T) {
			t.Parallel()
			location := locationOf(t, zone.name)
			compiled := compileSweep(t, zone.name)
			for _, at := range changes(location, zone.from, zone.to) {
				looks := watch(location, at.Add(-51*time.Hour), at.Add(51*time.Hour), zone.step)
				compareSweep(t, compiled, watchSweep(looks, zone.step), at.Add(-26*time.Hour), at.Add(26*time.Hour))
			}
		})
	}
}

// watchSweep says what is seen of each of the specs.
func watchSweep(looks []look, step time.Duration) []sighting {
	sightings := make([]sighting, len(sweepSpecs))
	for i, text := range sweepSpecs {
		sightings[i] = newOracle(text).see(looks, step)
	}
	return sightings
}

// swept is one of the specs under each policy.
type swept struct {
	specs     []schedule.Spec
	schedules []*schedule.Schedule
}

func compileSweep(t *testing.T, zone string) []swept {
	t.Helper()
	out := make([]swept, len(sweepSpecs))
	for i, text := range sweepSpecs {
		for _, dst := range sweepPolicies {
			spec := schedule.Spec{Cron: text, Timezone: zone, DST: dst}
			out[i].specs = append(out[i].specs, spec)
			out[i].schedules = append(out[i].schedules, compile(t, spec))
			if newOracle(text).elapsed {
				break // no policy matters
			}
		}
	}
	return out
}

func compareSweep(t *testing.T, all []swept, seen []sighting, from, to time.Time) {
	t.Helper()
	for n, one := range all {
		for i, spec := range one.specs {
			want := within(seen[n].fires(spec.DST), from, to)
			got := slices.Collect(one.schedules[i].Between(from, to))
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("%q in %s under %v from %s:\n got %v\nwant %v", spec.Cron, spec.Timezone, spec.DST, from, got, want)
			}
			compareBackward(t, spec, one.schedules[i], want, from, to)
		}
	}
}

func compareBackward(t *testing.T, spec schedule.Spec, compiled *schedule.Schedule, want []time.Time, from, to time.Time) {
	t.Helper()
	at := to
	for _, expected := range slices.Backward(want) {
		got, ok := compiled.Prev(at)
		if !ok || !got.Equal(expected) {
			t.Fatalf("%q in %s under %v: before %s: got %v, want %v", spec.Cron, spec.Timezone, spec.DST, at, got, expected)
		}
		at = got
	}
	if got, ok := compiled.Prev(at); ok && !got.Before(from) {
		t.Fatalf("%q in %s under %v: before %s: got %v, want none since %s", spec.Cron, spec.Timezone, spec.DST, at, got, from)
	}
}

func within(fires []time.Time, from, to time.Time) []time.Time {
	return slices.DeleteFunc(fires, func(at time.Time) bool { return at.Before(from) || !at.Before(to) })
}

func compile(t testing.TB, spec schedule.Spec) *schedule.Schedule {
	t.Helper()
	compiled, err := spec.Compile("job-1")
	if err != nil {
		t.Fatalf("%+v: %v", spec, err)
	}
	return compiled
}

func TestOneZoneHasOneName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe//Berlin", "Europe/./Berlin", "/Europe/Berlin", "Local", "localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "../zoneinfo/Europe/Berlin"} {
		if _, err := (schedule.Spec{Cron: "0 0 * * *", Timezone: name}).Compile("seed"); err == nil || !strings.Contains(err.Error(), "timezone") {
			t.Errorf("zone %q: %v", name, err)
		}
	}
}

func TestAZoneBeforeAMacro(t *testing.T) {
	t.Parallel()
	s, err := (schedule.Spec{Cron: "CRON_TZ=Europe/Berlin @daily"}).Compile("seed")
	if err != nil {
		t.Fatal(err)
	}
	if at, _ := s.Next(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)); !at.Equal(time.Date(2026, 7, 1, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("fires at %s, want midnight in Berlin", at)
	}
}
