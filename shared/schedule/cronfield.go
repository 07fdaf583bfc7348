package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/netresearch/go-cron"
)

// field is one column of a cron expression. Reading it is go-cron's part; the
// rules on which go-cron is too generous or wrong come before it.
type field struct {
	place    int
	name     string
	min, max int
	most     int // the highest number that a bare H may stand for
	period   int // the numbers after which a range wraps around
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
	{second, "second", 0, 59, 59, 60, `0-59, "*" or "*/10"`},
	{minute, "minute", 0, 59, 59, 60, `0-59, "*" or "*/15"`},
	{hour, "hour", 0, 23, 23, 24, `0-23, "*" or "9-17"`},
	{dayOfMonth, "day-of-month", 1, 31, 28, 31, `1-31, "*", "L", "L-2", "15W" or "LW"`},
	{monthOfYear, "month", 1, 12, 12, 12, `1-12, "JAN" to "DEC" or "*"`},
	{dayOfWeek, "day-of-week", 0, 7, 6, 7, `0-7 (0 and 7 are Sunday), "MON-FRI", "FRI#3" or "5L"`},
}

// parser reads six fields.
var parser = cron.MustNewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Extended)

// parse has go-cron read six fields. It would take the H of Thursday for an H.
func parse(texts []string) (*cron.SpecSchedule, error) {
	parsed, err := parser.Parse(strings.ReplaceAll(strings.Join(texts, " "), "THU", "4"))
	if err != nil {
		return nil, err
	}
	return parsed.(*cron.SpecSchedule), nil
}

// resolve rewrites the text of the field into what go-cron reads correctly.
func (f *field) resolve(text, seed string) (string, error) {
	if text == "*" {
		return text, nil
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		resolved, err := f.resolveItem(item, len(items) > 1, seed)
		if err != nil {
			return "", f.wrong(text, err)
		}
		items[i] = resolved
	}
	return strings.Join(items, ","), nil
}

// check says what go-cron finds wrong with the text of the field alone, which
// was given otherwise.
func (f *field) check(text, given string) error {
	texts := [...]string{"*", "*", "*", "*", "*", "*"}
	texts[f.place] = text
	if _, err := parse(texts[:]); err != nil {
		return f.wrong(given, err)
	}
	return nil
}

// all is the set of the field's numbers; Sunday is 0.
func (f *field) all() uint64 {
	return 1<<(f.min+f.period) - 1<<f.min
}

// wrong words an error about the field.
func (f *field) wrong(text string, err error) error {
	reason := err.Error()
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		reason = quote(number.Num) + " is neither a number nor a name that it knows"
	}
	return fmt.Errorf("the %s field %s is wrong: %s; use %s", f.name, quote(text), reason, f.example)
}
