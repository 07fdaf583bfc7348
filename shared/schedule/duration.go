package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	day = 24 * time.Hour
	// A century: longer than any schedule needs, short enough that no sum overflows.
	maxDays = 36525
)

// Duration is a length of time that documents write as "30s", "1m30s", "36h"
// or "7d". A day is 24 hours, whatever the clocks do.
type Duration time.Duration

// parseDuration reads the text form: an optional whole number of days,
// followed by anything [time.ParseDuration] takes.
func parseDuration(text string) (Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 32)
	if err != nil || n > maxDays {
		return 0, badDuration(text)
	}
	total := time.Duration(n) * day
	if found && rest == "" {
		return Duration(total), nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d > maxDays*day || d < -maxDays*day || found && d < 0 {
		return 0, badDuration(text)
	}
	return Duration(total + d), nil
}

func badDuration(text string) error {
	return fmt.Errorf("%s is not a duration; write for example \"90s\", \"1h30m\" or \"7d\"", quote(text))
}

// String returns the shortest text form: "90m" is "1h30m", two days are "2d".
func (d Duration) String() string {
	if d > 0 && d%Duration(day) == 0 {
		return strconv.FormatInt(int64(d/Duration(day)), 10) + "d"
	}
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText returns the text form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text form; its error shows an example.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := parseDuration(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// quote quotes what a user wrote for an error message, cut to a length that a
// message can bear.
func quote(text string) string {
	const most = 60
	if len(text) > most {
		return strconv.Quote(strings.ToValidUTF8(text[:most], "")) + "…"
	}
	return strconv.Quote(text)
}
