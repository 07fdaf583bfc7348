package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// yearRule is a yearly rule as a naive comparison reads it: every day of a year
// is asked, with the standard library's calendar. Nil lists choose every day.
// (rrule-go is no reference for weeks: it numbers those at the turn of the year
// wrongly, and knows none of them from the end of the next year.)
type yearRule struct {
	weekdays                                  []time.Weekday
	months, monthDays, days, weeks, positions []int
}

func (r yearRule) text() string {
	text := "DTSTART:19700101\nRRULE:FREQ=YEARLY"
	for _, part := range []struct {
		name string
		list []int
	}{{"BYMONTH", r.months}, {"BYMONTHDAY", r.monthDays}, {"BYYEARDAY", r.days}, {"BYWEEKNO", r.weeks}, {"BYSETPOS", r.positions}} {
		if len(part.list) > 0 {
			text += ";" + part.name + "=" + strings.Trim(strings.ReplaceAll(fmt.Sprint(part.list), " ", ","), "[]")
		}
	}
	text += ";BYDAY="
	for i, d := range r.weekdays {
		text += strings.Repeat(",", min(i, 1)) + strings.ToUpper(d.String()[:2])
	}
	return text
}

// fires lists the fires of a year.
func (r yearRule) fires(year int) (out []time.Time) {
	var chosen []time.Time
	for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
		if r.chooses(day) {
			chosen = append(chosen, day)
		}
	}
	for i, day := range chosen {
		if has(r.positions, i, len(chosen)) {
			out = append(out, day)
		}
	}
	return out
}

func (r yearRule) chooses(day time.Time) bool {
	lastOfMonth, lastOfYear := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC), time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	isoYear, week := day.ISOWeek()
	_, weeks := time.Date(isoYear, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
	return slices.Contains(r.weekdays, day.Weekday()) && has(r.months, int(day.Month())-1, 12) &&
		has(r.monthDays, day.Day()-1, lastOfMonth.Day()) && has(r.days, day.YearDay()-1, lastOfYear.YearDay()) && has(r.weeks, week-1, weeks)
}

// has reports whether a list names place i of n, from the start or the end.
func has(list []int, i, n int) bool {
	return list == nil || slices.Contains(list, i+1) || slices.Contains(list, i-n)
}

func TestYearlyRulesAgreeWithOracle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	some := func(often, most int, signed bool) (list []int) {
		for r.IntN(often) == 0 {
			n := 1 + r.IntN(most)
			if signed && r.IntN(2) == 0 {
				n = -n
			}
			list = append(list, n)
		}
		return list
	}
	tried := 0
	for range 80 {
		rule := yearRule{[]time.Weekday{0, 1, 2, 3, 4, 5, 6}[r.IntN(3) : 4+r.IntN(4)], some(4, 12, false), some(3, 31, true), some(5, 366, true), some(2, 53, true), some(2, 60, true)}
		var want []time.Time
		for year := 1970; year < 2200; year++ {
			want = append(want, rule.fires(year)...)
		}
		compiled, err := schedule.Spec{RRule: rule.text()}.Compile("")
		if err != nil {
			if len(want) > 0 {
				t.Errorf("%q: %v", rule.text(), err)
			}
			continue
		}
		tried++
		got := slices.Collect(compiled.Between(time.Time{}, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)))
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%q: %d fires, want %d", rule.text(), len(got), len(want))
		}
		at := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
		for _, day := range slices.Backward(want) {
			if at, _ = compiled.Prev(at); !at.Equal(day) {
				t.Errorf("%q: going back got %s, want %s", rule.text(), at, day)
				break
			}
		}
	}
	if tried < 30 {
		t.Errorf("only %d rules fire", tried)
	}
}
