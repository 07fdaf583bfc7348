package schedule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	monday, week := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		spec schedule.Spec
		want string
	}{
		{schedule.Spec{Cron: "30 2 * * 1-5", Timezone: "Europe/Berlin"}, "every weekday at 02:30 Berlin time"},
		{schedule.Spec{Cron: "* * * * *"}, "every minute"},
		{schedule.Spec{Cron: "* * * * * *"}, "every second"},
		{schedule.Spec{Cron: "*/10 * * * * *"}, "every 10 seconds"},
		{schedule.Spec{Cron: "*/5 * * * *", Timezone: "Asia/Tokyo"}, "every 5 minutes"},
		{schedule.Spec{Cron: "@hourly"}, "every hour"},
		{schedule.Spec{Cron: "15 * * * *"}, "at minute 15 of every hour"},
		{schedule.Spec{Cron: "5,35 * * * *"}, "at minutes 5 and 35 of every hour"},
		{schedule.Spec{Cron: "*/7 * * * *"}, "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"},
		{schedule.Spec{Cron: "0 */6 * * *"}, "every day at 00:00, 06:00, 12:00 and 18:00 UTC"},
		{schedule.Spec{Cron: "0 */2 * * *"}, "every 2 hours from 00:00 to 22:00, UTC"},
		{schedule.Spec{Cron: "*/20 1-23/2 * * *"}, "every 20 minutes, in every second hour from 01:00 to 23:40, UTC"},
		{schedule.Spec{Cron: "* 1,3,4,9,12,20,21 * * *"}, "every minute, in the hours 1, 3, 4, 9, 12, 20 and 21, UTC"},
		{schedule.Spec{Cron: "@daily", Timezone: "America/New_York"}, "every day at 00:00 New York time"},
		{schedule.Spec{Cron: "0 9,17 * * *"}, "every day at 09:00 and 17:00 UTC"},
		{schedule.Spec{Cron: "15 30 9 * * *"}, "every day at 09:30:15 UTC"},
		{schedule.Spec{Cron: "*/15 9-17 * * MON-FRI", Timezone: "Australia/Lord_Howe"}, "every 15 minutes from 09:00 to 17:45 on weekdays, Lord Howe time"},
		{schedule.Spec{Cron: "0 9-17 * * *"}, "every hour from 09:00 to 17:00, UTC"},
		{schedule.Spec{Cron: "@weekly"}, "every Sunday at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 * * 0,6"}, "every Saturday and Sunday at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 * * MON,WED,SUN"}, "every Monday, Wednesday and Sunday at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 * * FRI-SUN"}, "every Friday to Sunday at 00:00 UTC"},
		{schedule.Spec{Cron: "* * * * SUN"}, "every minute on Sundays, UTC"},
		{schedule.Spec{Cron: "@monthly"}, "on day 1 of the month at 00:00 UTC"},
		{schedule.Spec{Cron: "@yearly"}, "on day 1 of January at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 1,15 * *"}, "on days 1 and 15 of the month at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 1,L,LW,15W,L-2 * *"}, "on day 1, the last day, the last weekday, the weekday nearest day 15 and the third to last day of the month at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 * * 5#3"}, "on the third Friday of the month at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 * 3,10 7L"}, "on the last Sunday of March and October at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 * * MON,5L"}, "every Monday and on the last Friday of the month at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 * 3-10 *"}, "every day in March to October at 00:00 UTC"},
		{schedule.Spec{Cron: "* * * 6 *"}, "every minute in June, UTC"},
		{schedule.Spec{Cron: "0 0 13 * 5"}, "on day 13 of the month and also every Friday at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 1-7 * */7"}, "on days 1 to 7 of the month if that is a Sunday at 00:00 UTC"},
		{schedule.Spec{Cron: "0 0 0 1 1 * 2027,2030-2032"}, "on day 1 of January at 00:00 UTC in 2027 and 2030 to 2032"},
		{schedule.Spec{Every: schedule.Duration(90 * time.Second)}, "every 90 seconds"},
		{schedule.Spec{Every: schedule.Duration(24 * time.Hour)}, "every day"},
		{schedule.Spec{Every: 36 * hours, Anchor: &monday}, "every 36 hours, counted from 2026-01-05 09:00 UTC"},
		{schedule.Spec{At: &monday, Timezone: "Europe/Berlin"}, "once, on 2026-01-05 10:00 Berlin time"},
		{schedule.Spec{RRule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", Anchor: &monday, Timezone: "Europe/Berlin"},
			"every 2 weeks on Monday and Friday at 10:00 Berlin time, counted from 2026-01-05 10:00 Berlin time"},
		{schedule.Spec{RRule: "FREQ=MONTHLY;BYDAY=-1FR;COUNT=5", Anchor: &monday}, "every month on the last Friday at 09:00 UTC, 5 times from 2026-01-05 09:00 UTC"},
		{schedule.Spec{RRule: "FREQ=YEARLY;UNTIL=20300101T000000Z", Anchor: &monday}, "every year on the fifth day of the month in January at 09:00 UTC, from 2026-01-05 09:00 UTC, until 2030-01-01 00:00 UTC"},
		{schedule.Spec{RRule: "FREQ=HOURLY;INTERVAL=5", Anchor: &monday}, "every 5 hours, UTC, counted from 2026-01-05 09:00 UTC"},
		{schedule.Spec{RRule: "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", Anchor: &monday},
			"every month on the last of what is on Monday, Tuesday, Wednesday, Thursday and Friday at 09:00 UTC, from 2026-01-05 09:00 UTC"},
		{schedule.Spec{AnyOf: []schedule.Rule{{Cron: "0 9 * * 1-5"}, {Cron: "0 12 * * 0,6", Timezone: "Asia/Tokyo"}}},
			"every weekday at 09:00 UTC; and every Saturday and Sunday at 12:00 Tokyo time"},
		{schedule.Spec{Cron: "0 0 * * *", Start: &monday, MaxRuns: 2, Spread: "10m"},
			"every day at 00:00 UTC, 39s later, from 2026-01-05 09:00 UTC, 2 times at most"},
		{schedule.Spec{Cron: "@daily", Start: &monday, End: &week, MaxRuns: 1}, "every day at 00:00 UTC, from 2026-01-05 09:00 UTC, until 2026-01-12 09:00 UTC, 1 time at most"},
		{schedule.Spec{Cron: "0 * * * *", Spread: "50%", Blackouts: []schedule.Blackout{
			{Cron: "0 1 * * SAT", Duration: 6 * hours}, {Dates: []string{"2026-12-25", "2026-12-31"}, Policy: schedule.BlackoutDefer}}},
			"every hour, 3.3% of the interval later, except for 6 hours from every Saturday at 01:00 UTC, held back on 2026-12-25 and 2026-12-31"},
	} {
		if got := compile(t, c.spec).Describe(); got != c.want {
			t.Errorf("%+v:\n got %q\nwant %q", c.spec, got, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	week := time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	const berlin = "Europe/Berlin"
	for _, c := range []struct {
		spec schedule.Spec
		want []string
	}{
		{schedule.Spec{Cron: "* * * * *", Timezone: berlin}, nil},
		{schedule.Spec{Cron: "0 * * * *", Timezone: berlin}, nil},
		{schedule.Spec{Cron: "0 12 * * *", Timezone: berlin}, nil},
		{schedule.Spec{Cron: "30 2 * * *"}, nil},
		{schedule.Spec{Every: hours, Timezone: berlin}, nil},
		{schedule.Spec{Cron: "30 2 * * *", Timezone: berlin}, []string{
			"2026-03-29: clocks in Europe/Berlin go forward from 02:00 to 03:00; 02:30 does not exist, and one fire at 03:00 makes up for it.",
			"2026-10-25: clocks in Europe/Berlin go back from 03:00 to 02:00; 02:30 comes twice and fires only the first time."}},
		{schedule.Spec{Cron: "*/15 2 * * *", Timezone: berlin, DST: schedule.DST{Gap: schedule.GapSkip, Repeat: schedule.RepeatBoth}}, []string{
			"2026-03-29: clocks in Europe/Berlin go forward from 02:00 to 03:00; 02:00 to 02:45 does not exist, and nothing makes up for it.",
			"2026-10-25: clocks in Europe/Berlin go back from 03:00 to 02:00; 02:00 to 02:45 comes twice and fires both times."}},
		{schedule.Spec{Cron: "0 2,3 * * *", Timezone: berlin, DST: schedule.DST{Repeat: schedule.RepeatSecond}}, []string{
			"2026-03-29: clocks in Europe/Berlin go forward from 02:00 to 03:00; 02:00 does not exist, and the fire due at 03:00 makes up for it.",
			"2026-10-25: clocks in Europe/Berlin go back from 03:00 to 02:00; 02:00 comes twice and fires only the second time."}},
		{schedule.Spec{Cron: "0 */2 * * *", Timezone: berlin}, []string{
			"2026-03-29: clocks in Europe/Berlin go forward from 02:00 to 03:00; 02:00 does not exist, and nothing makes up for it.",
			"2026-10-25: clocks in Europe/Berlin go back from 03:00 to 02:00; 02:00 comes twice and fires both times."}},
		{schedule.Spec{RRule: "FREQ=DAILY;BYHOUR=2", Anchor: &monday, Timezone: "America/New_York"}, []string{
			"2026-03-08: clocks in America/New_York go forward from 02:00 to 03:00; 02:00 does not exist, and one fire at 03:00 makes up for it."}},
		{schedule.Spec{Cron: "0 12 31 * *"}, []string{"It does not fire in 2026-02, 2026-04, 2026-06, 2026-09 and 2026-11: no day matches."}},
		{schedule.Spec{RRule: "FREQ=MONTHLY;BYMONTHDAY=31", Anchor: &monday}, []string{"It does not fire in 2026-02, 2026-04, 2026-06, 2026-09 and 2026-11: no day matches."}},
		{schedule.Spec{Cron: "0 12 1,30 * *"}, []string{"There is no day 30 in 2026-02."}},
		{schedule.Spec{Cron: "0 12 25-31 * *"}, nil},
		{schedule.Spec{Cron: "0 12 29 2 *"}, []string{"It does not fire in 2026-02: no day matches.", "It does not fire before 2028-02-29 12:00 UTC."}},
		{schedule.Spec{Cron: "0 12 * 1-3 5#5"}, []string{"It does not fire in 2026-02 and 2026-03: no day matches."}},
		{schedule.Spec{Cron: "0 12 1,15 * MON"}, []string{"Day-of-month 1,15 and day-of-week MON are both restricted: it fires on days that match either of them, not both."}},
		{schedule.Spec{Cron: "0 12 1-7 * */7"}, []string{"Day-of-month 1-7 and day-of-week */7: because one begins with a star, it fires only on days that match both."}},
		{schedule.Spec{Cron: "*/7 * * * *"}, []string{"Steps of 7 do not fill an hour: minute 56 is followed by minute 0 after 4, not 7."}},
		{schedule.Spec{Cron: "0 12 */3 * *"}, []string{"Steps of 3 days start anew on day 1 of every month."}},
		{schedule.Spec{Cron: "0 12 * * *", End: &week}, []string{"It fires for the last time on 2026-01-11 12:00 UTC."}},
		{schedule.Spec{At: &dawn}, []string{"It does not fire after 2026-01-05 09:00 UTC."}},
		{schedule.Spec{Cron: "0 12 * * *", Blackouts: []schedule.Blackout{{Cron: "0 0 * * SAT", Duration: 48 * hours},
			{Dates: []string{"2026-12-24/2026-12-26"}, Policy: schedule.BlackoutDefer}}}, []string{
			"Blackouts skip fires in 52 windows of the year to come, first on 2026-01-10.",
			"Blackouts defer fires in 1 window of the year to come, first on 2026-12-24."}},
	} {
		if got := compile(t, c.spec).Warnings(monday); !slices.Equal(got, c.want) {
			t.Errorf("%+v:\n got %s\nwant %s", c.spec, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

func TestWarningOfAMissingDay(t *testing.T) {
	t.Parallel()
	got := compile(t, schedule.Spec{Cron: "0 12 * * *", Timezone: "Pacific/Apia"}).Warnings(time.Date(2011, 5, 1, 0, 0, 0, 0, time.UTC))
	want := "2011-12-30: clocks in Pacific/Apia go forward from 00:00 to 2011-12-31 00:00; 12:00 does not exist, and one fire at 2011-12-31 00:00 makes up for it."
	if !slices.Contains(got, want) {
		t.Errorf("got %q", got)
	}
}
