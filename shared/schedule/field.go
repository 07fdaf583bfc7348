package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/netresearch/go-cron"
)

// field is one column of a cron expression. Reading it is go-cron's part, one
// field at a time so that an error can name the field. The rules on which
// go-cron is too generous or wrong come before it.
type field struct {
	place    int
	name     string
	min, max int
	most     int // the highest number that a bare H may stand for
	period   int // the numbers after which a range wraps around
	parser   cron.Parser
	example  string
}

// The fields' places in an expression.
const (
	second = iota
	minute
	hour
	dayOfMonth
	monthOfYear
	dayOfWeek
	year
	fieldCount
)

// fields are all but the year, which go-cron does not read for us.
var fields = [...]field{
	{second, "second", 0, 59, 59, 60, cron.MustNewParser(cron.Second), `0-59, "*" or "*/10"`},
	{minute, "minute", 0, 59, 59, 60, cron.MustNewParser(cron.Minute), `0-59, "*" or "*/15"`},
	{hour, "hour", 0, 23, 23, 24, cron.MustNewParser(cron.Hour), `0-23, "*" or "9-17"`},
	{dayOfMonth, "day-of-month", 1, 31, 28, 31, cron.MustNewParser(cron.Dom | cron.DomL | cron.DomW), `1-31, "*", "L", "L-2", "15W" or "LW"`},
	{monthOfYear, "month", 1, 12, 12, 12, cron.MustNewParser(cron.Month), `1-12, "JAN" to "DEC" or "*"`},
	{dayOfWeek, "day-of-week", 0, 7, 6, 7, cron.MustNewParser(cron.Dow | cron.DowNth | cron.DowLast), `0-7 (0 and 7 are Sunday), "MON-FRI", "FRI#3" or "5L"`},
}

// parsedField is what go-cron understood.
type parsedField struct {
	set     uint64
	special []cron.DomConstraint
	nth     []cron.DowConstraint
}

// parse reads the text of the field. It returns the text with H resolved, and
// what it means.
func (f *field) parse(text, seed string) (string, parsedField, error) {
	if text == "*" {
		return text, parsedField{set: f.all()}, nil
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		resolved, err := f.resolve(item, len(items) > 1, seed)
		if err != nil {
			return "", parsedField{}, f.wrong(text, err)
		}
		items[i] = resolved
	}
	resolved := strings.Join(items, ",")
	parsed, err := f.parser.Parse(resolved)
	if err != nil {
		return "", parsedField{}, f.wrong(text, err)
	}
	return resolved, f.understood(parsed.(*cron.SpecSchedule)), nil
}

// understood picks the field's own part out of what go-cron made of it; the
// other parts hold go-cron's defaults.
func (f *field) understood(s *cron.SpecSchedule) parsedField {
	set := [...]uint64{s.Second, s.Minute, s.Hour, s.Dom, s.Month, s.Dow}[f.place]
	return parsedField{set & f.all(), s.DomConstraints, s.DowConstraints}
}

// all is the set of the field's numbers; Sunday is 0.
func (f *field) all() uint64 {
	return 1<<(f.min+f.period) - 1<<f.min
}

// resolve rewrites one item of a list into what go-cron reads correctly.
func (f *field) resolve(item string, listed bool, seed string) (string, error) {
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
	case f.place == dayOfWeek:
		return f.resolveWeekday(item)
	}
	return item, nil
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
	case strings.Contains(item, "-"):
		return f.unwrap(item), nil
	}
	return item, nil
}

// unwrap writes a range of weekdays that passes over Sunday as a list, because
// go-cron steps over eight days a week there. Other text is left as it is.
func (f *field) unwrap(item string) string {
	span, stepText, stepped := strings.Cut(item, "/")
	if !stepped {
		stepText = "1"
	}
	from, to, _ := strings.Cut(span, "-")
	low, high := f.weekday(from), f.weekday(to)
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

// wrong words an error about the field.
func (f *field) wrong(text string, err error) error {
	reason := err.Error()
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		reason = quote(number.Num) + " is neither a number nor a name that it knows"
	}
	return fmt.Errorf("the %s field %s is wrong: %s; use %s", f.name, quote(text), reason, f.example)
}
