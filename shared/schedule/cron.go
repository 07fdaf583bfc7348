package schedule

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/netresearch/go-cron"
)

// maxCron bounds a cron expression; the longest sensible ones list single minutes.
const maxCron = 256

// expression is a parsed cron expression.
type expression struct {
	pattern
	calendar cronDays
	text     string // its seven fields, H resolved
	elapsed  bool   // the hour field begins with "*"
}

// fieldTexts are the texts of an expression's fields.
type fieldTexts [fieldCount]string

// field is the text of one field.
func (e *expression) field(place int) string { return strings.Fields(e.text)[place] }

var macros = map[string]string{
	"@YEARLY":   "0 0 1 1 *",
	"@ANNUALLY": "0 0 1 1 *",
	"@MONTHLY":  "0 0 1 * *",
	"@WEEKLY":   "0 0 * * 0",
	"@DAILY":    "0 0 * * *",
	"@MIDNIGHT": "0 0 * * *",
	"@HOURLY":   "0 * * * *",
}

// cronRule is an expression on the clocks of a zone.
type cronRule struct {
	*wall
	expr *expression
}

func compileCron(text string, in scope) (rule, error) {
	expr, err := parseCron(text, in.seed)
	if err != nil {
		return nil, err
	}
	switch {
	case in.opens && expr.hour != fields[hour].all():
		in.dst = windowed
	case expr.elapsed:
		in.dst = elapsed
	}
	return &cronRule{newWall(expr.pattern.thinned(), in.zone, in.dst), expr}, nil
}

// parseCron reads an expression of five fields, six with seconds, or seven with
// a year, and refuses one that no day can match. The seed decides what H
// stands for; a zone in the text is left to the caller.
func parseCron(text, seed string) (*expression, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxCron {
		return nil, fmt.Errorf("is longer than %d characters", maxCron)
	}
	if zone, rest := cutZone(text); rest != text {
		if zone == "" {
			return nil, errors.New("names no time zone after \"TZ=\"")
		}
		text = rest
	}
	given, err := cutFields(strings.ToUpper(text))
	if err != nil {
		return nil, err
	}
	e := &expression{}
	if err := e.parse(given, seed); err != nil {
		return nil, err
	}
	if _, ok := e.next(0); !ok {
		return nil, e.impossible()
	}
	return e, nil
}

// cutZone takes the zone of a CRON_TZ= or TZ= prefix off an expression.
func cutZone(text string) (zone, rest string) {
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		if named, ok := strings.CutPrefix(text, prefix); ok {
			end := strings.IndexAny(named+" ", " \t")
			return named[:end], strings.TrimSpace(named[end:])
		}
	}
	return "", text
}

// cutFields splits an expression in upper case into its seven fields.
func cutFields(text string) (cut fieldTexts, err error) {
	if strings.HasPrefix(text, "@") {
		known, ok := macros[text]
		if !ok {
			return cut, wrongMacro(text)
		}
		text = known
	}
	texts := strings.Fields(text)
	cut[second], cut[year] = "0", "*"
	switch len(texts) {
	case 5:
		copy(cut[minute:], texts)
	case 6, 7:
		copy(cut[:], texts)
		if last := texts[5]; len(texts) == 6 && isYear(last) {
			return cut, fmt.Errorf("has six fields, so that it begins with seconds and has no year; for the year %s put seconds before it, for example \"0\"", last)
		}
	default:
		return cut, fmt.Errorf("has %d fields, but takes 5 (minute, hour, day of month, month, day of week), 6 with seconds before them, or 7 with a year after them; for example \"30 2 * * MON-FRI\"", len(texts))
	}
	return cut, nil
}

// isYear tells "2027" from a day of the week.
func isYear(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n >= 1000 && len(text) == len("2027")
}

func wrongMacro(text string) error {
	switch {
	case strings.HasPrefix(text, "@EVERY"):
		return errors.New("intervals are written as \"every\": \"90s\" instead of \"cron\": \"@every 90s\"")
	case text == "@REBOOT":
		return errors.New("\"@reboot\" means nothing to a scheduler that outlives its machines")
	}
	return fmt.Errorf("%s is not known; use @hourly, @daily, @weekly, @monthly or @yearly", quote(strings.ToLower(text)))
}

// parse reads the fields as given.
func (e *expression) parse(given fieldTexts, seed string) (err error) {
	e.elapsed = strings.HasPrefix(given[hour], "*")
	e.calendar.either = !free(given[dayOfMonth]) && !free(given[dayOfWeek])
	texts := given
	for i := range fields {
		if texts[i], err = fields[i].resolve(texts[i], seed); err != nil {
			return err
		}
	}
	e.text = strings.Join(texts[:], " ")
	parsed, err := parse(texts[:year])
	if err != nil {
		return faulty(err, texts, given)
	}
	e.take(parsed)
	e.years, err = parseYears(texts[year])
	return err
}

// faulty finds the field that go-cron does not understand.
func faulty(err error, texts, given fieldTexts) error {
	for i := range fields {
		if err := fields[i].check(texts[i], given[i]); err != nil {
			return err
		}
	}
	return err
}

// take keeps what go-cron found, but for the bit with which it marks stars.
func (e *expression) take(s *cron.SpecSchedule) {
	e.second, e.minute, e.hour = s.Second&fields[second].all(), s.Minute&fields[minute].all(), s.Hour&fields[hour].all()
	e.months = s.Month & fields[monthOfYear].all()
	e.calendar.dom, e.calendar.special = s.Dom&fields[dayOfMonth].all(), s.DomConstraints
	e.calendar.dow, e.calendar.nth = s.Dow&fields[dayOfWeek].all(), s.DowConstraints
	e.days = &e.calendar
}

// free reports whether a day field leaves the choice to the other one. As in
// crontab(5) that is one which begins with a star, with steps or without.
func free(text string) bool { return text[0] == '*' || text[0] == '?' }

// impossible says why no day matches.
func (e *expression) impossible() error {
	longest := 0
	for m := 1; m <= 12; m++ {
		if e.months>>m&1 == 1 {
			longest = max(longest, daysIn(2000, m)) // 2000 is a leap year
		}
	}
	if first := bits.TrailingZeros64(e.calendar.dom); len(e.calendar.special) == 0 && first > longest {
		return fmt.Errorf("never fires: there is no day %d in month %s", first, e.field(monthOfYear))
	}
	return fmt.Errorf("never fires: no day of the years %d to %d has day-of-month %s, month %s, day-of-week %s and year %s",
		firstYear, endYear-1, e.field(dayOfMonth), e.field(monthOfYear), e.field(dayOfWeek), e.field(year))
}
