package schedule_test

import (
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// Words must not say more, or less, than the schedule does.
func TestWordsDoNotMislead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec schedule.Spec
		want string
	}{
		{schedule.Spec{Cron: "0 18-6 * * *"}, "every hour from 18:00, over midnight, to 06:00, UTC"},
		{schedule.Spec{Cron: "*/10 20-5 * * *"}, "every 10 minutes from 20:00, over midnight, to 05:50, UTC"},
		{schedule.Spec{Cron: "0 0 28-3 * *"}, "on day 28 to the end and day 1 to 3 of the month at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 1,4,9,15,20,25,30 * *"}, "on days 1, 4, 9, 15, 20, 25 and 30 of the month at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 0 1 1 * */4"}, "on day 1 of January at 00:00 UTC in every fourth year from 1970 to 2199"},
		{schedule.Spec{Cron: "0 0 0 1 1 * 2026-2030/2"}, "on day 1 of January at 00:00 UTC in every second year from 2026 to 2030"},
		{schedule.Spec{RRule: "FREQ=SECONDLY", Anchor: &dawn}, "every second, UTC, from 2026-01-05 00:00 UTC"},
		{schedule.Spec{RRule: "DTSTART:20260105T090000\nFREQ=DAILY;INTERVAL=2;UNTIL=20260201T000000Z\nEXDATE:20260107T090000\nRDATE:20260108T100000"},
			"every 2 days at 09:00 UTC, counted from 2026-01-05 09:00 UTC, until 2026-02-01 00:00 UTC, except on 2026-01-07 09:00 UTC, and also on 2026-01-08 10:00 UTC"},
	} {
		if got := compile(t, c.spec).Describe(); got != c.want {
			t.Errorf("%+v:\n got %q\nwant %q", c.spec, got, c.want)
		}
	}
}

// Warnings are of what the schedule does.
func TestWarningsAreTrue(t *testing.T) {
	t.Parallel()
	const berlin = "Europe/Berlin"
	rule := func(text string) schedule.Spec { return schedule.Spec{RRule: text, Timezone: berlin} }
	closed := func(every schedule.Duration, blackouts ...schedule.Blackout) schedule.Spec {
		return schedule.Spec{Every: every, Blackouts: blackouts}
	}
	for _, c := range []struct {
		spec schedule.Spec
		part string
		want bool
	}{
		{rule("DTSTART:20260101T023000\nFREQ=DAILY"), "2026-03-29", true},
		{rule("DTSTART:20260101T023000\nFREQ=DAILY;COUNT=5"), "clocks", false},
		{rule("DTSTART:20260101T023000\nFREQ=DAILY;UNTIL=20260320T000000Z"), "clocks", false},
		{rule("DTSTART:20260901T023000\nFREQ=DAILY"), "2026-03-29", false},
		{rule("DTSTART:20260101T023000\nFREQ=DAILY\nEXDATE:20260329T023000"), "2026-03-29", false},
		{rule("DTSTART:20260131T023000\nFREQ=MONTHLY;COUNT=1"), "does not fire in", false},
		{schedule.Spec{Cron: "45 * * * *", Timezone: "Australia/Lord_Howe"}, "not by whole hours", true},
		{schedule.Spec{Cron: "*/15 * * * *", Timezone: "Australia/Lord_Howe"}, "not by whole hours", false},
		{schedule.Spec{Cron: "0 */2 * * *", DST: schedule.DST{Gap: schedule.GapRunAfter}}, "has no effect", true},
		{schedule.Spec{Every: hours, DST: schedule.DST{Gap: schedule.GapSkip}}, "has no effect", true},
		{schedule.Spec{Cron: "0 2 * * *", DST: schedule.DST{Gap: schedule.GapSkip}}, "has no effect", false},
		{closed(hours/12, schedule.Blackout{Cron: "20 * * * *", Duration: hours / 6}), "in more than 1000 windows", true},
		{closed(hours, schedule.Blackout{Dates: []string{"2026-01-01/2026-01-31"}}), "in 1 window of", true},
		{closed(hours, schedule.Blackout{Cron: "0 0 2 2 *", Duration: 2 * hours, Policy: "defer"}, schedule.Blackout{Cron: "0 1 2 2 *", Duration: 2 * hours, Policy: "defer"}), "defer fires in 1 window of", true},
	} {
		warnings := strings.Join(compile(t, c.spec).Warnings(dawn), "\n")
		if strings.Contains(warnings, c.part) != c.want {
			t.Errorf("%+v: %q is %v in:\n%s", c.spec, c.part, !c.want, warnings)
		}
	}
}

// A refusal says what was written, and what to write instead.
func TestRefusalsHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec schedule.Spec
		want string
	}{
		{schedule.Spec{Cron: "0 0 * * 5-6/5,2,1L"}, `"5-6/5,2,1L"`},
		{schedule.Spec{Cron: "0 0 1 12/2 *"}, "leaves 12 alone; write 12"},
		{schedule.Spec{Cron: "*/60 * * * *"}, "leaves 0 alone; write 0"},
		{schedule.Spec{Cron: "45/15 * * * *"}, "leaves 45 alone; write 45"},
		{schedule.Spec{Cron: "0 9-10/4 * * *"}, "leaves 9 alone; write 9"},
		{schedule.Spec{At: &dawn, Spread: "20%"}, "no interval"},
	} {
		if _, err := c.spec.Compile(""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %s", c.spec, err, c.want)
		}
	}
}
