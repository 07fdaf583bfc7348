package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// calendar wraps the lines of events into an iCalendar file.
func calendar(events ...string) string {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//holidays//EN"}
	for i, e := range events {
		lines = append(lines, "BEGIN:VEVENT", "DTSTAMP:20260101T000000Z")
		if !strings.Contains(e, "UID:") {
			lines = append(lines, fmt.Sprintf("UID:%d", i))
		}
		lines = append(lines, strings.Split(e, "\n")...)
		lines = append(lines, "END:VEVENT")
	}
	return strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")
}

// hoursOff returns the hours of a stretch of time in which an hourly job in
// Berlin does not fire.
func hoursOff(t *testing.T, from, to, text string) (off []string) {
	t.Helper()
	compiled := compile(t, schedule.Spec{Cron: "0 * * * *", Timezone: "Europe/Berlin", Blackouts: []schedule.Blackout{{ICalendar: text}}})
	for at := instant(t, from); at.Before(instant(t, to)); at = at.Add(time.Hour) {
		if _, fires := compiled.Nominal(at); !fires {
			off = append(off, at.UTC().Format("2006-01-02T15"))
		}
	}
	return off
}

// hourly lists the hours from one (inclusive) to another (exclusive).
func hourly(t *testing.T, from, to string) (all []string) {
	t.Helper()
	for at := instant(t, from); at.Before(instant(t, to)); at = at.Add(time.Hour) {
		all = append(all, at.UTC().Format("2006-01-02T15"))
	}
	return all
}

func TestCalendarEventsAreWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		events   []string
		from, to string
		off      []string // pairs of instants
	}{
		{"a whole day in the zone of the spec", []string{"DTSTART;VALUE=DATE:20261225"},
			"2026-12-24T00:00:00Z", "2026-12-28T00:00:00Z", []string{"2026-12-25T00:00:00+01:00", "2026-12-26T00:00:00+01:00"}},
		{"whole days up to an end", []string{"DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227"},
			"2026-12-20T00:00:00Z", "2026-12-30T00:00:00Z", []string{"2026-12-24T00:00:00+01:00", "2026-12-27T00:00:00+01:00"}},
		{"a day of 25 hours", []string{"DTSTART;VALUE=DATE:20261025"},
			"2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", []string{"2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}},
		{"every year for ever", []string{"DTSTART;VALUE=DATE:19901003\nRRULE:FREQ=YEARLY"},
			"2150-10-01T00:00:00Z", "2150-10-05T00:00:00Z", []string{"2150-10-03T00:00:00+02:00", "2150-10-04T00:00:00+02:00"}},
		{"times with a zone and a duration", []string{"DTSTART;TZID=America/New_York:20260105T090000\nDURATION:PT3H"},
			"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", []string{"2026-01-05T14:00:00Z", "2026-01-05T17:00:00Z"}},
		{"times without a zone", []string{"DTSTART:20260105T090000\nDTEND:20260105T110000"},
			"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", []string{"2026-01-05T08:00:00Z", "2026-01-05T10:00:00Z"}},
		{"times in UTC", []string{"DTSTART:20260105T090000Z\nDTEND:20260105T110000Z"},
			"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", []string{"2026-01-05T09:00:00Z", "2026-01-05T11:00:00Z"}},
		{"often, with exceptions and additions",
			[]string{"DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE:20260106T090000Z\nRDATE:20260107T200000Z"},
			"2026-01-05T00:00:00Z", "2026-01-08T00:00:00Z", []string{"2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z",
				"2026-01-07T09:00:00Z", "2026-01-07T10:00:00Z", "2026-01-07T20:00:00Z", "2026-01-07T21:00:00Z"}},
		{"daily whole days through a change", []string{"DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=WEEKLY;BYDAY=SU"},
			"2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", []string{"2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}},
		{"an instance that another event replaces",
			[]string{"UID:x\nDTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3", "UID:x\nRECURRENCE-ID:20260106T090000Z\nDTSTART:20260106T150000Z\nDURATION:PT1H"},
			"2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z", []string{"2026-01-06T15:00:00Z", "2026-01-06T16:00:00Z"}},
		{"cancelled events do not count", []string{"DTSTART:20260105T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED"},
			"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", nil},
		{"free time counts", []string{"DTSTART:20260105T090000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT"},
			"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", []string{"2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"}},
		{"events without length do not count", []string{"DTSTART:20260105T090000Z"},
			"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", nil},
		{"events that meet", []string{"DTSTART:20260105T090000Z\nDURATION:PT1H", "DTSTART:20260105T100000Z\nDURATION:PT1H", "DTSTART:20260105T093000Z\nDURATION:PT10M"},
			"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", []string{"2026-01-05T09:00:00Z", "2026-01-05T11:00:00Z"}},
	} {
		var want []string
		for pair := range slices.Chunk(c.off, 2) {
			want = append(want, hourly(t, pair[0], pair[1])...)
		}
		if got := hoursOff(t, c.from, c.to, calendar(c.events...)); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", c.name, got, want)
		}
	}
}

func TestBadCalendars(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"no calendar", "is not iCalendar text"},
		{"0;0=", "is not iCalendar text: a line ends early"},
		{"BEGIN:VCALENDAR\r\n", "is not iCalendar text"},
		{strings.Repeat("x", 300<<10), "is longer than 256 KiB"},
		{calendar("SUMMARY:Lunch"), `the event "Lunch" is wrong: has no DTSTART`},
		{calendar("DTSTART:soon"), "is not a time"},
		{calendar("DTSTART;TZID=Mars/Olympus:20260105T090000"), "not a time zone"},
		{calendar("DTSTART:20260105T090000Z\nDTEND:20260105T080000Z"), "ends before it begins"},
		{calendar("DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYEASTER=1"), "not part of RFC 5545"},
		{calendar("DTSTART:20260105T090000Z\nDURATION:PT1H\nEXDATE:never"), "is not a time"},
		{calendar("DTSTART:20260105T090000Z\nRECURRENCE-ID:never"), "is not a time"},
		{calendar("DTSTART:20260105T090000Z\nDURATION:long"), "is wrong"},
		{calendar("DTSTART:20260105T090000Z\nDURATION:PT1H\nSTATUS:MAYBE"), "STATUS"},
		{calendar(slices.Repeat([]string{"DTSTART:20260105T090000Z"}, 2001)...), "more than 2000 events"},
		{calendar(slices.Repeat([]string{"DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY"}, 5)...), "4 at most"},
		{calendar(slices.Repeat([]string{"DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY"}, 90)...), "more than 20000"},
	} {
		_, err := schedule.Spec{Cron: "0 0 * * *", Blackouts: []schedule.Blackout{{ICalendar: c.text}}}.Compile("")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "blackouts") {
			t.Errorf("%.60q: got %.300v, want an error with %q", c.text, err, c.want)
		}
	}
}

// Years of meetings every other week are a calendar like any other.
func TestBusyCalendarsAreAccepted(t *testing.T) {
	t.Parallel()
	meetings := slices.Repeat([]string{"DTSTART;TZID=Europe/Berlin:20240105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=12\nEXDATE;TZID=Europe/Berlin:20240202T090000"}, 600)
	compile(t, schedule.Spec{Cron: "0 * * * *", Blackouts: []schedule.Blackout{{ICalendar: calendar(meetings...)}}})
}

// An event of whole days ends at midnight, even if the clocks jump over the
// midnight at which it begins.
func TestWholeDaysWithoutTheirMidnight(t *testing.T) {
	t.Parallel()
	compiled := compile(t, schedule.Spec{Every: hours / 2, Timezone: "America/Sao_Paulo", Blackouts: []schedule.Blackout{
		{ICalendar: calendar("DTSTART;VALUE=DATE:20180107\nRRULE:FREQ=WEEKLY")}}})
	got, _ := compiled.Next(instant(t, "2018-11-03T23:30:00-03:00"))
	if want := instant(t, "2018-11-05T00:00:00-02:00"); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
