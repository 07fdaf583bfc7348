package schedule_test

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// The oracle knows the contract of the package and nothing of its engine: it
// looks at a clock every minute (or second), and at a field as text. It is as
// slow and as plain as can be.

// oracleCron is a cron expression taken apart.
type oracleCron struct {
	second, minute, hour, month, year []bool
	dom, dow                          string
	elapsed                           bool
}

func newOracle(expr string) oracleCron {
	f := strings.Fields(strings.ToUpper(expr))
	if len(f) == 5 {
		f = append([]string{"0"}, f...)
	}
	if len(f) == 6 {
		f = append(f, "*")
	}
	return oracleCron{
		second: oracleSet(f[0], 0, 59), minute: oracleSet(f[1], 0, 59), hour: oracleSet(f[2], 0, 23),
		month: oracleSet(f[4], 1, 12), year: oracleSet(f[6], 1970, 2199),
		dom: f[3], dow: f[5], elapsed: f[2][0] == '*',
	}
}

var oracleNames = strings.NewReplacer("JAN", "1", "FEB", "2", "MAR", "3", "APR", "4", "MAY", "5", "JUN", "6", "JUL", "7",
	"AUG", "8", "SEP", "9", "OCT", "10", "NOV", "11", "DEC", "12",
	"SUN", "0", "MON", "1", "TUE", "2", "WED", "3", "THU", "4", "FRI", "5", "SAT", "6")

// oracleSet reads numbers, ranges, wrapped ranges and steps.
func oracleSet(text string, low, high int) []bool {
	set := make([]bool, high+1)
	for item := range strings.SplitSeq(oracleNames.Replace(text), ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			step = atoi(stepText)
		}
		from, to := low, high
		if span != "*" && span != "?" {
			a, b, ranged := strings.Cut(span, "-")
			from, to = atoi(a), atoi(a)
			if ranged {
				to = atoi(b)
			} else if stepped {
				to = high
			}
		}
		if to < from {
			to += high - low + 1
		}
		for n := from; n <= to; n += step {
			set[(n-low)%(high-low+1)+low] = true
		}
	}
	return set
}

func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func (o oracleCron) matches(l look) bool {
	return o.minute[l.minute] && o.hour[l.hour] && o.second[l.second] && o.matchesDay(l.civil)
}

func (o oracleCron) matchesDay(civil time.Time) bool {
	if !o.month[civil.Month()] || !o.year[civil.Year()] {
		return false
	}
	date, weekday := oracleDate(o.dom, civil), oracleWeekday(o.dow, civil)
	if strings.ContainsAny(o.dom[:1]+o.dow[:1], "*?") {
		return date && weekday
	}
	return date || weekday
}

func oracleDate(text string, civil time.Time) bool {
	last := time.Date(civil.Year(), civil.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	for item := range strings.SplitSeq(text, ",") {
		switch {
		case item == "L":
			if civil.Day() == last {
				return true
			}
		case item == "LW":
			if civil.Day() == oracleNearest(civil, last) {
				return true
			}
		case strings.HasPrefix(item, "L-"):
			if civil.Day() == last-atoi(item[2:]) {
				return true
			}
		case strings.HasSuffix(item, "W"):
			if n := atoi(item[:len(item)-1]); n <= last && civil.Day() == oracleNearest(civil, n) {
				return true
			}
		case oracleSet(item, 1, 31)[civil.Day()]:
			return true
		}
	}
	return false
}

// oracleNearest walks away from a day until it meets a weekday in the month.
func oracleNearest(civil time.Time, day int) int {
	for _, step := range []int{0, -1, 1, -2, 2} {
		at := time.Date(civil.Year(), civil.Month(), day+step, 0, 0, 0, 0, time.UTC)
		if at.Month() == civil.Month() && at.Weekday() != time.Saturday && at.Weekday() != time.Sunday {
			return at.Day()
		}
	}
	panic("five days without a weekday")
}

func oracleWeekday(text string, civil time.Time) bool {
	for item := range strings.SplitSeq(oracleNames.Replace(text), ",") {
		day, nth, numbered := strings.Cut(item, "#")
		if strings.HasSuffix(item, "L") && !numbered {
			day, nth, numbered = strings.TrimSuffix(item, "L"), "L", true
		}
		if numbered {
			week, following := (civil.Day()-1)/7+1, civil.AddDate(0, 0, 7)
			if atoi(day)%7 == int(civil.Weekday()) && (nth == "L" && following.Month() != civil.Month() || nth == strconv.Itoa(week)) {
				return true
			}
			continue
		}
		if oracleWeekdays(item)[int(civil.Weekday())] {
			return true
		}
	}
	return false
}

// oracleWeekdays reads one item without "#": Sunday is both 0 and 7.
func oracleWeekdays(item string) []bool {
	if from, to, ok := strings.Cut(item, "-"); ok {
		to, step, _ := strings.Cut(to, "/")
		if a, b := atoi(from)%7, atoi(to); a > b {
			item = strconv.Itoa(a) + "-" + strconv.Itoa(b)
			if step != "" {
				item += "/" + step
			}
			return oracleSet(item, 0, 6)
		}
	}
	if from, step, ok := strings.Cut(item, "/"); ok && from != "*" && from != "7" && !strings.Contains(from, "-") {
		item = from + "-6/" + step
	}
	set := oracleSet(item, 0, 7)
	set[0] = set[0] || set[7]
	return set
}

// look is one look at the clocks of a zone.
type look struct {
	at                   time.Time // the instant
	civil                time.Time // what the clocks show, as if they showed UTC
	hour, minute, second int
}

func lookAt(at, civil time.Time) look {
	return look{at, civil, civil.Hour(), civil.Minute(), civil.Second()}
}

// watch looks at the clocks every step from one instant to another.
func watch(zone *time.Location, from, to time.Time, step time.Duration) []look {
	var looks []look
	for at := from; at.Before(to); at = at.Add(step) {
		local := at.In(zone)
		civil := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
		looks = append(looks, lookAt(at.UTC(), civil))
	}
	return looks
}

// sighting is what somebody who watches the clocks sees of an expression.
type sighting struct {
	elapsed bool
	copies  map[time.Time][]time.Time // by local time: the instants that showed it
	gaps    []time.Time               // instants before which the clocks jumped over a local time
}

// see watches. What the clocks repeat must be among the looks.
func (o oracleCron) see(looks []look, step time.Duration) sighting {
	seen := sighting{elapsed: o.elapsed, copies: map[time.Time][]time.Time{}}
	for i, l := range looks {
		if o.matches(l) {
			seen.copies[l.civil] = append(seen.copies[l.civil], l.at)
		}
		if i > 0 && o.lost(looks[i-1].civil.Add(step), l.civil, step) {
			seen.gaps = append(seen.gaps, l.at)
		}
	}
	return seen
}

// lost reports whether a local time that was never shown matches.
func (o oracleCron) lost(from, to time.Time, step time.Duration) bool {
	for at := from; at.Before(to); at = at.Add(step) {
		if o.matches(lookAt(at, at)) {
			return true
		}
	}
	return false
}

// fires says when the expression fires under a policy.
func (s sighting) fires(dst schedule.DST) []time.Time {
	var fires []time.Time
	for _, copies := range s.copies {
		switch {
		case s.elapsed || dst.Repeat == schedule.RepeatBoth:
			fires = append(fires, copies...)
		case dst.Repeat == schedule.RepeatSecond:
			fires = append(fires, copies[len(copies)-1])
		default:
			fires = append(fires, copies[0])
		}
	}
	if !s.elapsed && dst.Gap != schedule.GapSkip {
		fires = append(fires, s.gaps...)
	}
	slices.SortFunc(fires, time.Time.Compare)
	return slices.Compact(fires)
}
