package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// resolveItem rewrites one item of a list.
func (f *field) resolveItem(item string, listed bool, seed string) (string, error) {
	switch {
	case item == "":
		return "", errors.New("it has an empty place")
	case strings.Contains(item, "+"):
		return "", errors.New("\"+\" has no meaning here")
	case item == "?":
		return f.anyDay(listed)
	case strings.ContainsAny(item, "*?") && item != "*" && !strings.HasPrefix(item, "*/"):
		return "", fmt.Errorf("%s is not understood", quote(item))
	case item[0] == 'H':
		return f.resolveHash(item, seed)
	case f.beyond(item):
		return "", fmt.Errorf("%s is out of range", quote(item))
	case f.place == dayOfWeek:
		return f.resolveWeekday(item)
	}
	return item, f.overlong(item)
}

// overlong refuses a step that leads past the end of its range at once: "*/60" for
// minutes is hardly meant to be 0.
func (f *field) overlong(item string) error {
	span, stepText, _ := strings.Cut(item, "/")
	step, err := strconv.Atoi(stepText)
	if err != nil || step < 2 {
		return nil
	}
	low, high := f.min, f.max
	if span != "*" {
		from, to, ranged := strings.Cut(span, "-")
		if low, err = strconv.Atoi(from); ranged && err == nil {
			high, err = strconv.Atoi(to)
		}
	}
	if err == nil && low <= high && step > high-low {
		return fmt.Errorf("the step of %s leads past its range at once, which leaves %d alone; write %d if that is meant", quote(item), low, low)
	}
	return nil
}

// beyond reports whether a range begins or ends past the field. go-cron lets
// "70/5" pass for a minute.
func (f *field) beyond(item string) bool {
	span, _, _ := strings.Cut(item, "/")
	for text := range strings.SplitSeq(span, "-") {
		if n, err := strconv.Atoi(text); err == nil && n > f.max {
			return true
		}
	}
	return false
}

// anyDay reads "?", Quartz's way to say that only the other day field counts.
func (f *field) anyDay(listed bool) (string, error) {
	if listed || f.place != dayOfMonth && f.place != dayOfWeek {
		return "", errors.New("\"?\" may only stand alone, for a day field that does not matter")
	}
	return "*", nil
}

func (f *field) resolveWeekday(item string) (string, error) {
	switch {
	case item == "L":
		return "", errors.New("\"L\" alone is a Saturday to some and an error to others; write \"SAT\", or \"5L\" for the last Friday of the month")
	case strings.HasSuffix(item, "L") && !strings.Contains(item, "#"):
		return strings.TrimSuffix(item, "L") + "#L", nil
	case strings.ContainsAny(item, "-/"):
		return f.unwrap(item), nil
	}
	return item, nil
}

// unwrap writes weekdays as a list where go-cron steps over eight days a week:
// a range that passes over Sunday, and "1/2", which ends with Saturday. Other
// text is left as it is.
func (f *field) unwrap(item string) string {
	span, stepText, stepped := strings.Cut(item, "/")
	if !stepped {
		stepText = "1"
	}
	from, to, ranged := strings.Cut(span, "-")
	low, high := f.weekday(from), f.weekday(to)
	if !ranged && low >= 0 {
		return f.stepped(low, stepText, item)
	}
	step, err := strconv.ParseUint(stepText, 10, 8)
	if low < 0 || high < 0 || low <= high || err != nil || step == 0 {
		return item
	}
	var days []string
	for d := low; d <= high+f.period; d += int(step) {
		days = append(days, strconv.Itoa(d%f.period))
	}
	return strings.Join(days, ",")
}

// stepped writes the weekdays from one to Saturday; from 7, it is Sunday alone.
func (f *field) stepped(low int, stepText, item string) string {
	step, err := strconv.ParseUint(stepText, 10, 8)
	if err != nil || step == 0 {
		return item
	}
	if low == f.max {
		return "0"
	}
	return fmt.Sprintf("%d-%d/%d", low, f.most, step)
}

// weekday reads a number or name of a weekday; -1 means it is neither.
func (f *field) weekday(text string) int {
	const names = "SUNMONTUEWEDTHUFRISAT"
	if i := strings.Index(names, text); len(text) == 3 && i%3 == 0 {
		return i / 3
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || int(n) > f.max {
		return -1
	}
	return int(n)
}
