package schedule

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// list joins words as a sentence does: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// numbers lists the members of a set, runs of them as "0 to 6".
func numbers(set uint64) string { return list(runs(set)) }

// runs lists the members of a set, and three or more in a row as one.
func runs(set uint64) (words []string) {
	for set != 0 {
		low := bits.TrailingZeros64(set)
		n := bits.TrailingZeros64(^(set >> low))
		switch {
		case n > 2:
			words = append(words, fmt.Sprintf("%d to %d", low, low+n-1))
		default:
			n = 1
			words = append(words, fmt.Sprint(low))
		}
		set &^= (1<<n - 1) << low
	}
	return words
}

// wrapped returns where a set of the numbers from 0 on begins and ends that goes on
// past the last of them, as "22-6" does.
func wrapped(set uint64, period int) (from, to int, ok bool) {
	all := uint64(1)<<period - 1
	empty := ^set & all
	if set&1 == 0 || set>>(period-1) == 0 || empty == 0 {
		return 0, 0, false
	}
	low, high := bits.TrailingZeros64(empty), bits.Len64(empty)-1
	if bits.OnesCount64(empty) != high-low+1 {
		return 0, 0, false
	}
	return high + 1, low - 1, true
}

// names lists the names of the members of a set: "March to October".
func names(set uint64, name func(int) string) string {
	var words []string
	for rest := set; rest != 0; rest &= rest - 1 {
		words = append(words, name(bits.TrailingZeros64(rest)))
	}
	if run := bits.TrailingZeros64(^(set >> bits.TrailingZeros64(set))); len(words) > 2 && run == len(words) {
		return words[0] + " to " + words[len(words)-1]
	}
	return list(words)
}

func monthName(n int) string   { return time.Month(n).String() }
func weekdayName(n int) string { return time.Weekday(n).String() }

// ordinal returns "third", "last" or "second to last".
func ordinal(n int) string {
	switch {
	case n == -1:
		return "last"
	case n < 0:
		return ordinal(-n) + " to last"
	case n <= 5:
		return [...]string{"", "first", "second", "third", "fourth", "fifth"}[n]
	}
	return fmt.Sprintf("%d%s", n, suffix(n))
}

func suffix(n int) string {
	if n%100/10 == 1 || n%10 == 0 || n%10 > 3 {
		return "th"
	}
	return [...]string{"", "st", "nd", "rd"}[n%10]
}

// count returns "2 weeks", or "week" for one.
func count(n int, unit string) string {
	if n == 1 {
		return unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// spanWords returns "90 seconds", "6 hours" or "1h30m".
func spanWords(d Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := time.Duration(d) / unit.length
		if time.Duration(d)%unit.length == 0 && (n < 120 || unit.length == day) {
			return fmt.Sprintf("%d %s%s", n, unit.name, plural(int(n)))
		}
	}
	return d.String()
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// words returns how people call the time of the zone: "Berlin time".
func (z *zone) words() string {
	if z.name == "UTC" {
		return z.name
	}
	return strings.ReplaceAll(z.name[strings.LastIndex(z.name, "/")+1:], "_", " ") + " time"
}

// dateText writes the day of a civil time: "2026-03-29".
func dateText(civil int64) string { return time.Unix(civil, 0).UTC().Format(time.DateOnly) }

// clockText writes the time of day of a civil time: "02:30", or "02:30:15".
func clockText(civil int64) string {
	if civil%secondsPerMinute == 0 {
		return time.Unix(civil, 0).UTC().Format("15:04")
	}
	return time.Unix(civil, 0).UTC().Format(time.TimeOnly)
}

// civilText writes a civil time.
func civilText(civil int64) string { return time.Unix(civil, 0).UTC().Format("2006-01-02T15:04:05") }
