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

// numbers lists the members of a set, shortened where they are many.
func numbers(set uint64) string {
	const most = 6
	var words []string
	for rest := set; rest != 0; rest &= rest - 1 {
		words = append(words, fmt.Sprint(bits.TrailingZeros64(rest)))
	}
	if run := bits.TrailingZeros64(^(set >> bits.TrailingZeros64(set))); len(words) > 2 && run == len(words) {
		return words[0] + " to " + words[len(words)-1]
	}
	if len(words) > most {
		return strings.Join(words[:3], ", ") + ", …, " + words[len(words)-1]
	}
	return list(words)
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
