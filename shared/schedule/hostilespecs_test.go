package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// nasty makes specs that are chosen to be slow: rare days, long lists, many
// rules, windows that swallow nearly everything, zones that change often.
type nasty struct{ *rand.Rand }

func pickOf[T any](n nasty, list ...T) T { return list[n.IntN(len(list))] }

var nastyZones = []string{"Africa/Casablanca", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Gaza", "America/Sao_Paulo", "UTC"}

func (n nasty) spec() schedule.Spec {
	spec := schedule.Spec{Timezone: pickOf(n, nastyZones...), DST: pickOf(n, sweepPolicies...), Spread: pickOf(n, "", "100%", "1%", "31d")}
	for range pickOf(n, 1, 1, 2, 16) {
		spec.AnyOf = append(spec.AnyOf, n.rule(spec.Timezone))
	}
	for range pickOf(n, 0, 0, 1, 4) {
		spec.Blackouts = append(spec.Blackouts, n.blackout())
	}
	if n.IntN(4) == 0 {
		spec.Start, spec.MaxRuns = &dawn, 1+n.IntN(10_000)
	}
	return spec
}

func (n nasty) rule(zone string) schedule.Rule {
	switch n.IntN(5) {
	case 0, 1:
		return schedule.Rule{Cron: n.cron()}
	case 2, 3:
		start := pickOf(n, "19700101T000000", "20260105T023000", "20000229T235959", "19961231T120000")
		return schedule.Rule{RRule: "DTSTART;TZID=" + zone + ":" + start + "\nRRULE:" + n.rrule() + n.exdates()}
	}
	return schedule.Rule{Every: hours * schedule.Duration(1+n.IntN(10_000)) / 60}
}

func (n nasty) cron() string {
	days := pickOf(n, "29 2 *", "29 2 */7", "31 12 */7", "29W 2 *", "* 2 1#5", "25-31 3 */7", "1 1 */6", "L-28 2 */5", "30,31 */7 *", "* * *", "31 1-11/2 5#5", "29 2 7L")
	text := pickOf(n, "0 0", "30 2", "59 23", "*/7 2", "15 1-3") + " " + days
	switch n.IntN(3) {
	case 0:
		return text
	case 1:
		return "0 " + text + " " + pickOf(n, "2000-2199/28", "1970,2199", "*/99", "2100-2104,2196", "2199", "1970-1980")
	}
	return pickOf(n, "*", "59", "*/59") + " " + text
}

// rrule takes most of the parts that go with a frequency.
func (n nasty) rrule() string {
	weekdays, end := pickOf(n, "SU", "MO", "MO,TU,WE,TH,FR"), pickOf(n, "", fmt.Sprintf(";COUNT=%d", 1+n.IntN(10_000)), ";UNTIL=21991231T235959Z")
	interval := pickOf(n, 1, 1, 2, 7, 28, 97, 364, 1001, 9999, 10_000)
	months, dates := "BYMONTH="+pickOf(n, "2", "12", "1,3,5,7", "2,4"), "BYMONTHDAY="+pickOf(n, "29", "31,-31", "30", "-29,29", "13", "3")
	positions := "BYSETPOS=" + pickOf(n, "-366", "366", "1,-1", "5", "100,200,-300", places(200))
	freq, parts := "YEARLY", []string{"BYDAY=" + weekdays, positions, pickOf(n, months, dates, "BYYEARDAY=366,-366,60", "BYWEEKNO=53,-53", "BYWEEKNO=9,-1")}
	switch n.IntN(5) {
	case 0:
		freq, parts = "MONTHLY", []string{"BYDAY=" + pickOf(n, weekdays, "5FR", "-1SU"), months, dates, positions}
	case 1:
		freq, parts = pickOf(n, "WEEKLY", "DAILY"), []string{"BYDAY=" + weekdays, months, "BYHOUR=2,3", "BYMINUTE=0,59"}
	case 2:
		freq, parts = pickOf(n, "HOURLY", "MINUTELY", "SECONDLY"), []string{months, dates, "BYDAY=" + weekdays}
		interval = min(interval, 23)
	}
	text := fmt.Sprintf("FREQ=%s;INTERVAL=%d", freq, interval)
	for _, part := range parts {
		if n.IntN(3) > 0 || strings.HasPrefix(part, "BYDAY") {
			text += ";" + part
		}
	}
	return text + end
}

func (n nasty) exdates() string {
	if n.IntN(3) > 0 {
		return ""
	}
	return "\nEXDATE:" + exdates(40)
}

func (n nasty) blackout() schedule.Blackout {
	b := schedule.Blackout{Policy: pickOf(n, schedule.BlackoutSkip, schedule.BlackoutDefer)}
	switch n.IntN(4) {
	case 0:
		b.ICalendar = n.calendar()
	case 1:
		b.Dates = []string{pickOf(n, "1970-01-01/2025-12-31", "2026-01-01/2099-12-31", "2026-02-28/2026-03-29")}
	default:
		b.Cron = pickOf(n, "0 0 * 1-11 *", "0 0 * * *", "0 * * * *", "*/10 * * * *", "0 0 1-27 * *", "0 0 0 * * * 1970-2025", "0 0 0 * * * 1972-2190", "* * * * SAT,SUN", "*/5 8-17 * * *", "0 * * 12 *", "30 2 29 2 *")
		b.Duration = pickOf(n, hours, 24*hours, hours/6, 23*hours, 366*24*hours, hours/60)
	}
	return b
}

func (n nasty) calendar() string {
	var events []string
	for range pickOf(n, 1, 10, 300, 900) {
		start := pickOf(n, "VALUE=DATE:19700101", "VALUE=DATE:20240229", "TZID=Europe/Berlin:20260329T023000")
		event := "DTSTART;" + start + "\nDURATION:" + pickOf(n, "PT1H", "P1D", "P3DT5H")
		if n.IntN(4) > 0 {
			event += "\nRRULE:" + n.rrule()
		}
		events = append(events, event)
	}
	return calendar(events...)
}
