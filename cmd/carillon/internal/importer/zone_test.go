package importer

import (
	"testing"
	"time"
)

// TestChangesOfClocks follows SpecSchedule.Next of robfig/cron v3, which walks through
// time: 02:30 does not come on a day without it, and comes twice on one with two.
func TestChangesOfClocks(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]int{"30 2 * * *": 2, "0 30 2 * * *": 2, "TZ=Europe/Berlin 30 2 * * *": 2} {
		var item Item
		item.Document.Schedule.Timezone = "Europe/Berlin"
		if when[0] == 'T' {
			item.Document.Schedule.Timezone = ""
		}
		Robfig(&item, when)
		Ticking(&item)
		compiled, err := item.Document.Schedule.Compile("x")
		if err != nil {
			t.Fatal(err)
		}
		if next, _ := compiled.Next(time.Date(2026, 3, 29, 0, 0, 0, 0, berlin)); next.In(berlin).Day() != 30 {
			t.Errorf("%s: fires at %s", when, next)
		}
		count, end := 0, time.Date(2026, 10, 26, 0, 0, 0, 0, berlin)
		for at, _ := compiled.Next(time.Date(2026, 10, 25, 0, 0, 0, 0, berlin)); at.Before(end); at, _ = compiled.Next(at) {
			count++
		}
		if count != want {
			t.Errorf("%s: fires %d times on the day with two, want %d", when, count, want)
		}
	}
	for when, zone := range map[string]string{"30 2 * * *": "Asia/Tokyo", "@daily": "", "0 * * * *": "Europe/Berlin", "0 0 */2 * * *": "Europe/Berlin", "@hourly": "Europe/Berlin", "@every 1h": "Europe/Berlin", "x": "Nowhere/X"} {
		var item Item
		item.Document.Schedule.Timezone = zone
		Robfig(&item, when)
		Ticking(&item)
		if dst := item.Document.Schedule.DST; dst.Gap != "" || dst.Repeat != "" {
			t.Errorf("%q in %q: %v means nothing", when, zone, dst)
		}
	}
}
