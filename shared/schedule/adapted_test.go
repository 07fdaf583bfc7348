package schedule_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
	"pgregory.net/rapid"
)

// A stretched interval fires at some of the owner's instants, evenly.
func TestAStretchedIntervalThinsTheOwners(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(1, 7200).Draw(t, "every")) * time.Second
		times := rapid.IntRange(1, 40).Draw(t, "times")
		anchor := dawn.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "anchor")) * time.Second)
		owner := schedule.Spec{Every: schedule.Duration(every), Anchor: &anchor}
		stretched := owner
		stretched.Adapted = &schedule.Adapted{Every: schedule.Duration(time.Duration(times) * every)}
		var thinned []time.Time
		for at := range compiledOf(t, owner, "job").Between(dawn, dawn.Add(time.Duration(times)*20*every)) {
			if at.Sub(anchor)%(time.Duration(times)*every) == 0 {
				thinned = append(thinned, at)
			}
		}
		got := slices.Collect(compiledOf(t, stretched, "job").Between(dawn, dawn.Add(time.Duration(times)*20*every)))
		if !slices.Equal(got, thinned) {
			t.Fatalf("fires at %v, want %v", got, thinned)
		}
	})
}

// An offset delays by exactly itself, whatever the seed would have chosen.
func TestAnOffsetTakesThePlaceOfTheShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.IntRange(1, 31*24*3600).Draw(t, "span")
		offset := schedule.Duration(time.Duration(rapid.IntRange(0, span-1).Draw(t, "offset")) * time.Second)
		spec := schedule.Spec{Cron: "0 3 * * *", Spread: fmt.Sprintf("%ds", span)}
		spec.Adapted = &schedule.Adapted{Offset: &offset}
		for _, seed := range []string{"a", "b"} {
			at, _ := compiledOf(t, spec, seed).Next(dawn)
			nominal, _ := compiledOf(t, spec, seed).Nominal(at)
			if delay := at.Sub(nominal); delay != time.Duration(offset) {
				t.Fatalf("delayed by %s, want %s", delay, offset)
			}
		}
	})
}

func TestWhatCannotBeAdapted(t *testing.T) {
	t.Parallel()
	minute, half := schedule.Duration(time.Minute), schedule.Duration(30*time.Second)
	odd := schedule.Duration(1500 * time.Millisecond)
	for name, refused := range map[string]schedule.Spec{
		"a cron has no interval":           {Cron: "* * * * *", Adapted: &schedule.Adapted{Every: minute}},
		"no multiple":                      {Every: minute, Adapted: &schedule.Adapted{Every: minute + half}},
		"less than the owner's":            {Every: minute, Adapted: &schedule.Adapted{Every: half}},
		"counted fires":                    {Every: minute, Start: &dawn, MaxRuns: 3, Adapted: &schedule.Adapted{Every: minute}},
		"an offset without a spread":       {Every: minute, Adapted: &schedule.Adapted{Offset: &half}},
		"an offset within a percentage":    {Every: minute, Spread: "50%", Adapted: &schedule.Adapted{Offset: &half}},
		"an offset as long as the spread":  {Every: minute, Spread: "30s", Adapted: &schedule.Adapted{Offset: &half}},
		"an offset of a fraction":          {Every: minute, Spread: "30s", Adapted: &schedule.Adapted{Offset: &odd}},
		"an offset within a broken spread": {Every: minute, Spread: "x", Adapted: &schedule.Adapted{Offset: &half}},
	} {
		if _, err := refused.Compile("job"); err == nil {
			t.Errorf("%s: compiled", name)
		}
	}
}

func compiledOf(t *rapid.T, spec schedule.Spec, seed string) *schedule.Schedule {
	t.Helper()
	compiled, err := spec.Compile(seed)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}
