package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// rfcRules are the examples of RFC 5545, 3.8.5.3, which begin on 2 September
// 1997 at 09:00 in New York (or where the second field says), as far as they
// are not refused, and rules that are hard in other ways.
var rfcRules = [][2]string{
	{"FREQ=DAILY;COUNT=10"},
	{"FREQ=DAILY;UNTIL=19971224T000000Z"},
	{"FREQ=DAILY;INTERVAL=2"},
	{"FREQ=DAILY;INTERVAL=10;COUNT=5"},
	{"FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "19980101T090000"},
	{"FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", "19980101T090000"},
	{"FREQ=WEEKLY;COUNT=10"},
	{"FREQ=WEEKLY;UNTIL=19971224T000000Z"},
	{"FREQ=WEEKLY;INTERVAL=2;WKST=SU"},
	{"FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH"},
	{"FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH"},
	{"FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", "19970901T090000"},
	{"FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH"},
	{"FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "19970905T090000"},
	{"FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "19970905T090000"},
	{"FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "19970907T090000"},
	{"FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "19970922T090000"},
	{"FREQ=MONTHLY;BYMONTHDAY=-3", "19970928T090000"},
	{"FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15"},
	{"FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "19970930T090000"},
	{"FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "19970910T090000"},
	{"FREQ=MONTHLY;INTERVAL=2;BYDAY=TU"},
	{"FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "19970610T090000"},
	{"FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "19970310T090000"},
	{"FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "19970101T090000"},
	{"FREQ=YEARLY;BYDAY=20MO", "19970519T090000"},
	{"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512T090000"},
	{"FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "19970313T090000"},
	{"FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "19970605T090000"},
	{"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"},
	{"FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "19970913T090000"},
	{"FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "19961105T090000"},
	{"FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904T090000"},
	{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "19970929T090000"},
	{"FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z"},
	{"FREQ=MINUTELY;INTERVAL=15;COUNT=6"},
	{"FREQ=MINUTELY;INTERVAL=90;COUNT=4"},
	{"FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40"},
	{"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805T090000"},
	{"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805T090000"},
	{"FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115T090000"},

	{"FREQ=YEARLY"}, {"FREQ=MONTHLY"}, {"FREQ=YEARLY", "20000229T120000"}, {"FREQ=MONTHLY", "20000131T120000"},
	{"FREQ=YEARLY;BYYEARDAY=-1,366"}, {"FREQ=YEARLY;BYYEARDAY=60,-306"}, {"FREQ=YEARLY;BYWEEKNO=1,25;BYDAY=MO,SU"},
	{"FREQ=YEARLY;BYWEEKNO=-1;BYDAY=TH"}, {"FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU"},
	{"FREQ=YEARLY;INTERVAL=3;BYWEEKNO=53;BYDAY=TH;BYMONTH=12"},
	{"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366,-366,60"}, {"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1,1"},
	{"FREQ=YEARLY;BYYEARDAY=1,60,61,-1,366;BYDAY=MO,WE;BYSETPOS=-1"}, {"FREQ=YEARLY;BYMONTH=2,12;BYMONTHDAY=29,31;BYDAY=SU,MO;BYSETPOS=1"},
	{"FREQ=MONTHLY;INTERVAL=7;BYMONTHDAY=31;BYDAY=FR"}, {"FREQ=DAILY;INTERVAL=364;BYMONTHDAY=31"}, {"FREQ=WEEKLY;INTERVAL=53;BYMONTH=2"},
	{"FREQ=YEARLY;BYDAY=-1SU,1SU"}, {"FREQ=YEARLY;BYDAY=53MO"}, {"FREQ=YEARLY;BYMONTH=2,3;BYDAY=2TU,-2TU"},
	{"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1,100"}, {"FREQ=YEARLY;BYMONTH=5,6;BYDAY=SA;BYSETPOS=4,-4"},
	{"FREQ=YEARLY;BYMONTHDAY=29,30,31;BYSETPOS=-3"}, {"FREQ=MONTHLY;BYMONTHDAY=-1,-31,5;BYSETPOS=2"},
	{"FREQ=MONTHLY;BYDAY=5FR"}, {"FREQ=MONTHLY;BYDAY=-5MO"},
	{"FREQ=DAILY;INTERVAL=3;BYMONTH=2,7;BYDAY=SA,SU"}, {"FREQ=DAILY;INTERVAL=100"}, {"FREQ=DAILY;BYMONTHDAY=31;BYMONTH=1,3"},
	{"FREQ=WEEKLY;INTERVAL=7;BYDAY=WE,SU;WKST=WE"}, {"FREQ=WEEKLY;BYMONTH=1;BYDAY=MO"},
	{"FREQ=MONTHLY;INTERVAL=5;BYDAY=1MO,3WE,-1SU;BYHOUR=6,18"}, {"FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,59;BYSECOND=0,30;COUNT=50"},
	{"FREQ=HOURLY;INTERVAL=5"}, {"FREQ=SECONDLY;INTERVAL=3601;COUNT=100"}, {"FREQ=MINUTELY;INTERVAL=1000;BYDAY=SA"},
	{"FREQ=HOURLY;INTERVAL=7;BYMONTH=10;BYMONTHDAY=31"},
}

// TestRulesAgreeWithRRuleGo compares the first fires of each rule with those of
// rrule-go, which walks from DTSTART: in UTC, where clocks never change.
func TestRulesAgreeWithRRuleGo(t *testing.T) {
	t.Parallel()
	const most = 60
	for _, r := range rfcRules {
		start := r[1]
		if start == "" {
			start = "19970902T090000"
		}
		text := "DTSTART:" + start + "Z\nRRULE:" + r[0]
		reference, err := rrule.StrToRRule(text)
		if err != nil {
			t.Fatal(err)
		}
		var want []time.Time
		next := reference.Iterator()
		for at, ok := next(); ok && at.Year() < 2200 && len(want) < most; at, ok = next() {
			want = append(want, at)
		}
		checkRule(t, compile(t, schedule.Spec{RRule: text}), r[0], want, len(want) < most)
	}
}

func checkRule(t *testing.T, compiled *schedule.Schedule, rule string, want []time.Time, all bool) {
	t.Helper()
	end := want[len(want)-1]
	got := slices.Collect(compiled.Between(time.Time{}, end.Add(1)))
	if !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("%s:\n got %v\nwant %v", rule, got, want)
		return
	}
	at := end.Add(1)
	for _, expected := range slices.Backward(want) {
		if at, _ = compiled.Prev(at); !at.Equal(expected) {
			t.Errorf("%s: going back got %s, want %s", rule, at, expected)
			return
		}
	}
	if before, ok := compiled.Prev(at); ok {
		t.Errorf("%s: fires at %s, before its start", rule, before)
	}
	if after, ok := compiled.Next(end); all && ok {
		t.Errorf("%s: fires at %s, after its end", rule, after)
	}
}

// rrule-go takes 2 January 2011 for week 53 of a year that has 52, so weeks are
// held against time.ISOWeek.
func TestWeeksAgreeWithISO(t *testing.T) {
	t.Parallel()
	for _, week := range []int{1, 52, 53} {
		anchor := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
		rule := fmt.Sprintf("FREQ=YEARLY;BYWEEKNO=%d;BYDAY=MO,TU,WE,TH,FR,SA,SU", week)
		compiled := compile(t, schedule.Spec{RRule: rule, Anchor: &anchor})
		var want []time.Time
		for day := anchor; day.Year() < 2200; day = day.AddDate(0, 0, 1) {
			if _, n := day.ISOWeek(); n == week {
				want = append(want, day)
			}
		}
		if got := slices.Collect(compiled.Between(anchor, anchor.AddDate(230, 0, 0))); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("week %d: %d days, want %d", week, len(got), len(want))
		}
	}
}

func TestRulesFollowTheZone(t *testing.T) {
	t.Parallel()
	anchor := instant(t, "2026-03-20T02:30:00+01:00")
	for _, c := range []struct {
		spec schedule.Spec
		want string
	}{
		{schedule.Spec{RRule: "DTSTART;TZID=Europe/Berlin:20260327T023000\nRRULE:FREQ=DAILY"},
			"2026-03-28T02:30:00+01:00 2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00"},
		{schedule.Spec{RRule: "FREQ=DAILY", Anchor: &anchor, Timezone: "Europe/Berlin", DST: schedule.DST{Gap: schedule.GapSkip}},
			"2026-03-28T02:30:00+01:00 2026-03-30T02:30:00+02:00"},
		{schedule.Spec{RRule: "RRULE:FREQ=HOURLY;INTERVAL=12", Anchor: &anchor, Timezone: "Europe/Berlin"},
			"2026-03-27T14:30:00+01:00 2026-03-28T02:30:00+01:00 2026-03-28T14:30:00+01:00 2026-03-29T03:30:00+02:00"},
		{schedule.Spec{RRule: "DTSTART:20260327T023000\nRRULE:FREQ=DAILY\nEXDATE:20260328T023000,20260330T023000\nRDATE:20260330T120000", Timezone: "Europe/Berlin"},
			"2026-03-29T03:00:00+02:00 2026-03-30T12:00:00+02:00 2026-03-31T02:30:00+02:00"},
		{schedule.Spec{RRule: "DTSTART;VALUE=DATE:20260328\nFREQ=WEEKLY;UNTIL=20260411", Timezone: "Asia/Tokyo"},
			"2026-03-28T00:00:00+09:00 2026-04-04T00:00:00+09:00 2026-04-11T00:00:00+09:00"},
	} {
		compiled, at := compile(t, c.spec), instant(t, "2026-03-27T12:00:00Z")
		for text := range strings.FieldsSeq(c.want) {
			next, ok := compiled.Next(at)
			if !ok || !next.Equal(instant(t, text)) {
				t.Errorf("%s: after %s: got %s, want %s", compiled, at, next, text)
			}
			at = next
		}
	}
}

func TestBadRules(t *testing.T) {
	t.Parallel()
	const start = "DTSTART:20260105T090000\nRRULE:"
	for rule, want := range map[string]string{
		"FREQ=DAILY":                                                   "needs a DTSTART line or an anchor",
		start + "INTERVAL=2":                                           "FREQ is required",
		start + "FREQ=NEVER":                                           "undefined frequency",
		start + "FREQ=DAILY;COUNT=0x":                                  "is wrong",
		start + "FREQ=DAILY;COUNT=10001":                               "use UNTIL",
		start + "FREQ=DAILY;COUNT=2;UNTIL=20270101":                    "exclude each other",
		start + "FREQ=DAILY;INTERVAL=10001":                            "INTERVAL must be",
		start + "FREQ=DAILY;INTERVAL=-1":                               "INTERVAL must be",
		start + "FREQ=DAILY;BYHOUR=24":                                 "BYHOUR=24 is out of range",
		start + "FREQ=DAILY;BYMONTH=-1":                                "BYMONTH=-1 is out of range",
		start + "FREQ=DAILY;BYMONTHDAY=0":                              "BYMONTHDAY=0 is out of range",
		start + "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2":                 "never fires",
		start + "FREQ=MONTHLY;BYDAY=6MO":                               "there is no +6MO",
		start + "FREQ=WEEKLY;BYDAY=1MO":                                "numbered weekdays",
		start + "FREQ=WEEKLY;BYMONTHDAY=1":                             "cannot stand beside FREQ=WEEKLY",
		start + "FREQ=MONTHLY;BYYEARDAY=1":                             "need FREQ=YEARLY",
		start + "FREQ=YEARLY;BYWEEKNO=1":                               "needs BYDAY",
		start + "FREQ=YEARLY;BYEASTER=1":                               "not part of RFC 5545",
		start + "FREQ=HOURLY;BYMINUTE=5":                               "need FREQ=DAILY or longer",
		start + "FREQ=HOURLY;INTERVAL=25;BYDAY=MO":                     "must not exceed a day, 24",
		start + "FREQ=YEARLY;BYYEARDAY=367":                            "BYYEARDAY=367 is out of range",
		start + "FREQ=YEARLY;BYWEEKNO=-54;BYDAY=MO":                    "BYWEEKNO=-54 is out of range",
		start + "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0":                     "BYSETPOS=0 is out of range",
		start + "FREQ=DAILY;BYHOUR=1,2;BYSETPOS=1":                     "BYSETPOS needs",
		start + "FREQ=DAILY\nRRULE:FREQ=WEEKLY":                        "two rules",
		start + "FREQ=DAILY\nEXRULE:FREQ=WEEKLY":                       "not understood",
		start + "FREQ=DAILY\nEXDATE:tomorrow":                          "is not a time",
		"DTSTART:2026\nRRULE:FREQ=DAILY":                               "is not a time",
		"DTSTART;TZID=Mars/Olympus:20260105T090000\nRRULE:FREQ=DAILY":  "not a time zone",
		start + "FREQ=DAILY;DTSTART=20260105T090000":                   "a line of its own",
		start + "FREQ=YEARLY;UNTIL=20260104":                           "never fires",
		start + "FREQ=DAILY;BYHOUR=" + strings.Repeat("1,", 600) + "1": "longer than",
	} {
		if _, err := (schedule.Spec{RRule: rule}).Compile(""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", rule, err, want)
		}
	}
}

// A rule starts in that copy of a repeated hour that its anchor names, and at
// the time of day that its DTSTART names, even if that day lacks it.
func TestRulesStartWhereTheyAreAnchored(t *testing.T) {
	t.Parallel()
	const berlin = "Europe/Berlin"
	both := schedule.DST{Repeat: schedule.RepeatBoth}
	for _, c := range []struct {
		spec schedule.Spec
		want string // the first fires
	}{
		{schedule.Spec{RRule: "FREQ=DAILY", Anchor: at(t, "2026-10-25T00:30:00Z"), DST: both}, "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z 2026-10-26T01:30:00Z"},
		{schedule.Spec{RRule: "FREQ=DAILY", Anchor: at(t, "2026-10-25T01:30:00Z"), DST: both}, "2026-10-25T01:30:00Z 2026-10-26T01:30:00Z"},
		{schedule.Spec{RRule: "FREQ=DAILY", Anchor: at(t, "2026-10-25T01:30:00Z")}, "2026-10-26T01:30:00Z"},
		{schedule.Spec{RRule: "FREQ=HOURLY", Anchor: at(t, "2026-10-25T01:30:00Z")}, "2026-10-25T01:30:00Z 2026-10-25T02:30:00Z"},
		{schedule.Spec{RRule: "DTSTART:20261025T013000Z\nRRULE:FREQ=DAILY", DST: both}, "2026-10-25T01:30:00Z 2026-10-26T01:30:00Z"},
		{schedule.Spec{RRule: "DTSTART:20260329T023000\nRRULE:FREQ=DAILY"}, "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"},
	} {
		c.spec.Timezone = berlin
		compiled := compile(t, c.spec)
		at := time.Time{}
		for text := range strings.FieldsSeq(c.want) {
			next, ok := compiled.Next(at)
			if !ok || !next.Equal(instant(t, text)) {
				t.Errorf("%s: after %s: got %s, want %s", compiled, at, next, text)
			}
			at = next
		}
	}
}

func TestExcludedDatesThatExcludeNothing(t *testing.T) {
	t.Parallel()
	const start = "DTSTART:20260105T090000\nRRULE:FREQ=DAILY\nEXDATE"
	for _, values := range []string{":20260106", ";VALUE=DATE:20260106", ":20260107T090000,20260106"} {
		_, err := schedule.Spec{RRule: start + values}.Compile("")
		if err == nil || !strings.Contains(err.Error(), "EXDATE 20260106 is a date and excludes nothing, because the rule has a time of day; write for example 20260106T090000") {
			t.Errorf("%s: got %v", values, err)
		}
		text := calendar("DTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE" + values)
		if _, err := (schedule.Spec{Every: hours, Blackouts: []schedule.Blackout{{ICalendar: text}}}).Compile(""); err == nil || !strings.Contains(err.Error(), "excludes nothing") {
			t.Errorf("%s in a calendar: got %v", values, err)
		}
	}
	compiled := compile(t, schedule.Spec{RRule: start + ":20260106T100000,20260107T090000"})
	if got := compiled.Warnings(dawn); !slices.Contains(got, "EXDATE 2026-01-06 10:00 UTC excludes nothing: the rule does not fire then.") || len(got) != 1 {
		t.Errorf("got warnings %q", got)
	}
	if strings.Contains(compiled.String(), "2026-01-06") {
		t.Errorf("%s: names what has no effect", compiled)
	}
	for _, dates := range []string{"DTSTART:20260105\nRRULE:FREQ=DAILY\nEXDATE:20260106", "DTSTART:20260105T000000\nRRULE:FREQ=DAILY\nEXDATE:20260106"} {
		if at, _ := compile(t, schedule.Spec{RRule: dates}).Next(dawn); !at.Equal(dawn.AddDate(0, 0, 2)) {
			t.Errorf("%q: got %s", dates, at)
		}
	}
}

// Excluded fires in a row are passed over forward and backward, up to the ends.
func TestExcludedFires(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, want string }{
		{"FREQ=DAILY;COUNT=8\nEXDATE:20260105,20260106,20260108,20260109,20260110,20260112", "07 11"},
		{"FREQ=DAILY;UNTIL=20260109\nRDATE:20260112,20260113\nEXDATE:20260109,20260112,20260107", "05 06 08 13"},
	} {
		compiled := compile(t, schedule.Spec{RRule: "DTSTART:20260105\nRRULE:" + c.rule})
		var got []string
		for at := range compiled.Between(time.Time{}, dawn.AddDate(1, 0, 0)) {
			got = append(got, at.Format("02"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %s, want %s", compiled, got, c.want)
		}
		at := dawn.AddDate(1, 0, 0)
		for _, want := range slices.Backward(got) {
			if at, _ = compiled.Prev(at); at.Format("02") != want {
				t.Errorf("%s: going back: got %s, want %s", compiled, at, want)
			}
		}
		if at, ok := compiled.Prev(at); ok {
			t.Errorf("%s: before its first fire comes %s", compiled, at)
		}
	}
}
