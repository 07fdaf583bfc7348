package carillon_test

import (
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

func adaptive(spec schedule.Spec, bounds carillon.Adaptive) carillon.Document {
	document := valid()
	document.Schedule, document.Adaptive = spec, &bounds
	return document
}

const minute = carillon.Duration(time.Minute)

func TestWhatCanBeAdaptive(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	every, cron := schedule.Spec{Every: 5 * minute}, schedule.Spec{Cron: "0 * * * *"}
	for name, row := range map[string]struct {
		document carillon.Document
		faulty   []string
	}{
		"an interval":                  {adaptive(every, carillon.Adaptive{Mode: "auto"}), nil},
		"an interval within bounds":    {adaptive(every, carillon.Adaptive{Mode: "suggest", MinInterval: minute, MaxInterval: 60 * minute}), nil},
		"bounds and no mode":           {adaptive(every, carillon.Adaptive{MaxInterval: 5 * minute}), nil},
		"a cron that is off":           {adaptive(cron, carillon.Adaptive{Mode: "off"}), nil},
		"a cron with a spread":         {adaptive(schedule.Spec{Cron: "0 * * * *", Spread: "10m"}, carillon.Adaptive{Mode: "auto"}), nil},
		"a cron":                       {adaptive(cron, carillon.Adaptive{Mode: "auto"}), []string{"adaptive.mode"}},
		"a cron with a percentage":     {adaptive(schedule.Spec{Cron: "0 * * * *", Spread: "10%"}, carillon.Adaptive{Mode: "auto"}), []string{"adaptive.mode"}},
		"bounds of a cron":             {adaptive(cron, carillon.Adaptive{MaxInterval: minute}), []string{"adaptive"}},
		"an unknown mode":              {adaptive(every, carillon.Adaptive{Mode: "on"}), []string{"adaptive.mode"}},
		"less than the least":          {adaptive(every, carillon.Adaptive{MinInterval: 6 * minute}), []string{"adaptive.min_interval"}},
		"more than the most":           {adaptive(every, carillon.Adaptive{MaxInterval: 4 * minute}), []string{"adaptive.max_interval"}},
		"an endless most":              {adaptive(every, carillon.Adaptive{MaxInterval: 32 * 24 * 60 * minute}), []string{"adaptive.max_interval"}},
		"a negative least":             {adaptive(every, carillon.Adaptive{MinInterval: -minute}), []string{"adaptive.min_interval"}},
		"fires that are counted":       {adaptive(schedule.Spec{Every: minute, Start: &start, MaxRuns: 9}, carillon.Adaptive{Mode: "auto"}), []string{"adaptive.mode"}},
		"counted fires, and it is off": {adaptive(schedule.Spec{Every: minute, Start: &start, MaxRuns: 9}, carillon.Adaptive{}), nil},
	} {
		if got := fields(t, row.document.Validate()); !slices.Equal(got, row.faulty) {
			t.Errorf("%s: faulty are %v, want %v", name, got, row.faulty)
		}
	}
}

// What was adapted stays over every change but those of what it rests on.
func TestKeepAdapted(t *testing.T) {
	t.Parallel()
	before := adaptive(schedule.Spec{Every: minute, Spread: "30s"}, carillon.Adaptive{Mode: "auto"})
	before.Schedule.Adapted = &schedule.Adapted{Every: 4 * minute}
	for name, row := range map[string]struct {
		change func(*carillon.Document)
		kept   bool
	}{
		"nothing":            {func(*carillon.Document) {}, true},
		"the target":         {func(d *carillon.Document) { d.Target.URL = "https://example.com/other" }, true},
		"a forged one":       {func(d *carillon.Document) { d.Schedule.Adapted = &schedule.Adapted{Every: 9 * minute} }, true},
		"the interval":       {func(d *carillon.Document) { d.Schedule.Every = 2 * minute }, false},
		"the spread":         {func(d *carillon.Document) { d.Schedule.Spread = "10s" }, false},
		"the longest":        {func(d *carillon.Document) { d.Adaptive.MaxInterval = 5 * minute }, false},
		"the mode":           {func(d *carillon.Document) { d.Adaptive.Mode = "suggest" }, false},
		"turned off":         {func(d *carillon.Document) { d.Adaptive = nil }, false},
		"a forged one, off":  {func(d *carillon.Document) { d.Adaptive, d.Schedule.Adapted = nil, before.Schedule.Adapted }, false},
		"the name of a zone": {func(d *carillon.Document) { d.Schedule.Timezone = "Europe/Berlin" }, false},
	} {
		after := adaptive(schedule.Spec{Every: minute, Spread: "30s"}, carillon.Adaptive{Mode: "auto"})
		row.change(&after)
		kept := after.KeepAdapted(before).Schedule.Adapted
		if row.kept != (kept != nil) || kept != nil && kept.Every != 4*minute {
			t.Errorf("%s: kept %v", name, kept)
		}
		if before.Schedule.Adapted == nil {
			t.Fatalf("%s: the document before was changed", name)
		}
	}
}
