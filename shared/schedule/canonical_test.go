package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// likeSpecs are pairs that are written alike and mean different things.
func likeSpecs(t *testing.T) [][2]schedule.Spec {
	closed := func(event string, policy schedule.BlackoutPolicy) schedule.Spec {
		return schedule.Spec{Every: hours, Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{ICalendar: calendar(event), Policy: policy}}}
	}
	daily := func(anchor string) schedule.Spec {
		return schedule.Spec{RRule: "FREQ=HOURLY;INTERVAL=24", Anchor: at(t, anchor), Timezone: "Europe/Berlin"}
	}
	const allDay, timed = "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;INTERVAL=9", "DTSTART:20260101T000000\nDURATION:P1D\nRRULE:FREQ=DAILY;INTERVAL=9"
	return [][2]schedule.Spec{
		{closed(allDay, ""), closed(timed, "")},
		{closed(allDay, ""), closed(allDay, schedule.BlackoutDefer)},
		{daily("2026-10-25T00:30:00Z"), daily("2026-10-25T01:30:00Z")},
		{{RRule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", Anchor: &dawn}, {RRule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", Anchor: &dawn}},
		{{Cron: "0 0-23 * * *", Timezone: "Europe/Berlin"}, {Cron: "0 * * * *", Timezone: "Europe/Berlin"}},
		{{Cron: "0 0 1-31 * 1"}, {Cron: "0 0 * * 1"}},
		{{Cron: "0 0 * * *", Spread: "2h"}, {Cron: "0 0 * * *", Spread: "10%"}},
	}
}

// Equal texts must mean equal fires: planners compare texts to see whether an
// edit changed anything.
func TestTextsTellMeaningsApart(t *testing.T) {
	t.Parallel()
	for _, pair := range likeSpecs(t) {
		a, b := compile(t, pair[0]), compile(t, pair[1])
		if a.String() == b.String() {
			t.Errorf("%+v and %+v: one text, %q", pair[0], pair[1], a)
		}
	}
}

func TestEqualTextsFireAlike(t *testing.T) {
	t.Parallel()
	n := nasty{rand.New(rand.NewPCG(9, 10))}
	known, met := map[string]*schedule.Schedule{}, 0
	for range 4000 {
		spec := n.small()
		compiled, err := spec.Compile("job-1")
		if err != nil {
			continue
		}
		other, ok := known[compiled.String()]
		if known[compiled.String()] = compiled; !ok {
			continue
		}
		met++
		if a, b := firesOf(compiled), firesOf(other); !slices.EqualFunc(a, b, time.Time.Equal) {
			t.Errorf("%s:\n one fires %v\nanother %v", compiled, a, b)
		}
	}
	if met < 1000 {
		t.Errorf("only %d texts came twice", met)
	}
}

// small makes specs of few parts, so that texts come twice.
func (n nasty) small() schedule.Spec {
	spec := schedule.Spec{
		Timezone: pickOf(n, "UTC", "Europe/Berlin"), Spread: pickOf(n, "", "", "1h", "10%"),
		DST: schedule.DST{Gap: pickOf(n, "", schedule.GapRunAfter, schedule.GapSkip), Repeat: pickOf(n, "", schedule.RepeatBoth)},
	}
	anchor := at2026(n)
	switch n.IntN(4) {
	case 0:
		spec.Cron = pickOf(n, "30 2 * * *", "0 * * * *", "0 0-23 * * *", "@daily", "0 0 * * 0-6", "0 0 1-31 * *", "0 0 */1 * 1", "0 0 1-31 * 1")
	case 1:
		spec.Every, spec.Anchor = pickOf(n, hours, 24*hours), anchor
	default:
		spec.RRule, spec.Anchor = "FREQ="+pickOf(n, "DAILY", "HOURLY;INTERVAL=24", "DAILY;BYHOUR=2;BYMINUTE=30", "WEEKLY;BYDAY=SU,MO", "WEEKLY;WKST=SU;BYDAY=MO,SU"), anchor
	}
	if n.IntN(2) == 0 {
		spec.Blackouts = []schedule.Blackout{pickOf(n,
			schedule.Blackout{Dates: []string{"2026-10-24/2026-10-25"}}, schedule.Blackout{Dates: []string{"2026-10-25", "2026-10-24"}},
			schedule.Blackout{Cron: "0 2 * * *", Duration: hours}, schedule.Blackout{Cron: "0 2 * * *", Duration: hours, Policy: schedule.BlackoutDefer},
			schedule.Blackout{ICalendar: calendar("DTSTART;VALUE=DATE:20260104\nRRULE:FREQ=WEEKLY")},
			schedule.Blackout{ICalendar: calendar("DTSTART:20260104T000000\nDURATION:P1D\nRRULE:FREQ=WEEKLY")})}
	}
	return spec
}

// at2026 picks an anchor, in either copy of a repeated hour too.
func at2026(n nasty) *time.Time {
	at := pickOf(n, dawn, time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC))
	return &at
}

// firesOf lists the fires around the changes of the clocks in 2026.
func firesOf(s *schedule.Schedule) []time.Time {
	spring := slices.Collect(s.Between(time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)))
	return slices.AppendSeq(spring, s.Between(time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 29, 0, 0, 0, 0, time.UTC)))
}

// The canonical text of an expression is an expression that means the same.
func TestCanonicalCronCompiles(t *testing.T) {
	t.Parallel()
	r, compared := rand.New(rand.NewPCG(13, 14)), 0
	for range 600 {
		text := randomCron(r)
		compiled, err := schedule.Spec{Cron: text}.Compile("job-1")
		if err != nil {
			continue
		}
		compared++
		canonical := strings.TrimSuffix(strings.TrimPrefix(compiled.String(), "cron "), " UTC")
		again, err := schedule.Spec{Cron: canonical}.Compile("job-1")
		if err != nil {
			t.Errorf("%q becomes %q: %v", text, canonical, err)
			continue
		}
		if again.String() != compiled.String() || !slices.EqualFunc(firesOf(again), firesOf(compiled), time.Time.Equal) {
			t.Errorf("%q becomes %q, which becomes %q", text, canonical, again)
		}
	}
	if compared < 200 {
		t.Errorf("only %d expressions are accepted", compared)
	}
}

// randomCron has six or seven fields with all that may stand in them.
func randomCron(r *rand.Rand) string {
	item := func(low, high int, more ...string) string {
		a, b := low+r.IntN(high-low+1), low+r.IntN(high-low+1)
		forms := append(more, "*", strconv.Itoa(a), strconv.Itoa(a), fmt.Sprintf("%d-%d", a, b), fmt.Sprintf("%d-%d/%d", a, b, 1+r.IntN(4)),
			fmt.Sprintf("*/%d", 1+r.IntN(high)), fmt.Sprintf("%d/%d", a, 1+r.IntN(5)))
		text := forms[r.IntN(len(forms))]
		for r.IntN(2) == 0 {
			text += "," + forms[r.IntN(len(forms))]
		}
		return text
	}
	n := strconv.Itoa(r.IntN(7))
	fields := []string{item(0, 59), item(0, 59), item(0, 23), item(1, 31, "L", "L-3", "15W", "LW"), item(1, 12, "JAN"), item(0, 7, n+"L", n+"#3", "FRI", n+"L")}
	if r.IntN(4) == 0 {
		fields = append(fields, item(2020, 2199))
	}
	return strings.Join(fields, " ")
}

// Only four digits are a year.
func TestFourDigitsAreAYear(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"2,4L": true, "5,6L": true, "3,0L": true, "2027": false} {
		if _, err := (schedule.Spec{Cron: "30 13 3 * 3 " + text}).Compile(""); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
