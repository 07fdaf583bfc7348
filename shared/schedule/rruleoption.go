package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// readOption reads "FREQ=WEEKLY;BYDAY=MO". Its lists come out sorted.
func readOption(text string, z *zone) (*rrule.ROption, error) {
	if len(text) > maxRRule {
		return nil, fmt.Errorf("is longer than %d characters", maxRRule)
	}
	option, err := rrule.StrToROptionInLocation(strings.ToUpper(strings.TrimSpace(text)), z.location)
	if err != nil {
		return nil, fmt.Errorf("the rule %s is wrong: %w; write for example \"FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9\"", quote(text), err)
	}
	if !option.Dtstart.IsZero() {
		return nil, errors.New("has DTSTART among its parts; it is a line of its own")
	}
	if !option.Until.IsZero() && !strings.Contains(untilOf(text), "T") {
		option.Until = option.Until.AddDate(0, 0, 1).Add(-time.Second) // a date includes its day
	}
	for _, list := range []*[]int{&option.Bysetpos, &option.Bymonth, &option.Bymonthday, &option.Byyearday,
		&option.Byweekno, &option.Byhour, &option.Byminute, &option.Bysecond} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.SortFunc(option.Byweekday, func(a, b rrule.Weekday) int { return (a.N()-b.N())*7 + a.Day() - b.Day() })
	option.Byweekday = slices.Compact(option.Byweekday)
	return option, nil
}

func untilOf(rule string) string {
	_, until, _ := strings.Cut(strings.ToUpper(rule), "UNTIL=")
	until, _, _ = strings.Cut(until, ";")
	return until
}

// checkOption refuses what RFC 5545 forbids, and what only a step by step
// search could answer.
func checkOption(o *rrule.ROption) error {
	times := len(o.Byhour) + len(o.Byminute) + len(o.Bysecond)
	switch {
	case o.Interval < 0 || o.Interval > maxCount:
		return fmt.Errorf("INTERVAL must be between 1 and %d", maxCount)
	case o.Count < 0 || o.Count > maxCount:
		return fmt.Errorf("COUNT must be between 1 and %d; use UNTIL for more", maxCount)
	case o.Count > 0 && !o.Until.IsZero():
		return errors.New("COUNT and UNTIL exclude each other")
	case len(o.Byeaster) > 0:
		return errors.New("BYEASTER is not part of RFC 5545")
	case o.Freq >= rrule.HOURLY && times+len(o.Bysetpos) > 0:
		return errors.New("BYHOUR, BYMINUTE, BYSECOND and BYSETPOS need FREQ=DAILY or longer; a cron expression can say such times")
	case o.Freq != rrule.YEARLY && len(o.Byyearday)+len(o.Byweekno) > 0:
		return errors.New("BYYEARDAY and BYWEEKNO need FREQ=YEARLY")
	case o.Freq == rrule.WEEKLY && len(o.Bymonthday) > 0:
		return errors.New("BYMONTHDAY cannot stand beside FREQ=WEEKLY")
	case len(o.Byweekno) > 0 && len(o.Byweekday) == 0:
		return errors.New("BYWEEKNO needs BYDAY to say which day of the week")
	case len(o.Bysetpos) > 0 && (o.Freq > rrule.MONTHLY || max(len(o.Byhour), 1)*max(len(o.Byminute), 1)*max(len(o.Bysecond), 1) > 1):
		return errors.New("BYSETPOS needs FREQ=MONTHLY or YEARLY and one time of day")
	}
	if err := checkPace(o); err != nil {
		return err
	}
	return checkWeekdays(o)
}

// checkPace keeps a rule of hours or less that fires on some days only from
// passing over them for years.
func checkPace(o *rrule.ROption) error {
	most := map[rrule.Frequency]int{rrule.HOURLY: 24, rrule.MINUTELY: 24 * 60, rrule.SECONDLY: secondsPerDay}[o.Freq]
	if most > 0 && o.Interval > most && len(o.Bymonth)+len(o.Bymonthday)+len(o.Byweekday) > 0 {
		return fmt.Errorf("INTERVAL must not exceed a day, %d, where BYMONTH, BYMONTHDAY or BYDAY choose days", most)
	}
	return nil
}

func checkWeekdays(o *rrule.ROption) error {
	most := [...]int{rrule.YEARLY: 53, rrule.MONTHLY: 5}
	for _, w := range o.Byweekday {
		n := max(w.N(), -w.N())
		switch {
		case n > 0 && (o.Freq > rrule.MONTHLY || len(o.Byweekno) > 0):
			return errors.New("numbered weekdays need FREQ=MONTHLY or YEARLY without BYWEEKNO")
		case n > 0 && n > most[o.Freq]:
			return fmt.Errorf("there is no %s", w)
		}
	}
	return nil
}

// complete takes what a rule leaves open from its start, as RFC 5545 says.
func complete(o *rrule.ROption, start int64) {
	number, second := split(start)
	d := dateOf(number)
	o.Interval = max(o.Interval, 1)
	if o.Freq < rrule.HOURLY {
		h, m, s := clock(second)
		o.Byhour, o.Byminute, o.Bysecond = given(o.Byhour, h), given(o.Byminute, m), given(o.Bysecond, s)
	}
	if len(o.Byweekno)+len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) > 0 {
		return
	}
	switch o.Freq {
	case rrule.YEARLY:
		o.Bymonth = given(o.Bymonth, d.month)
		o.Bymonthday = []int{d.day}
	case rrule.MONTHLY:
		o.Bymonthday = []int{d.day}
	case rrule.WEEKLY:
		o.Byweekday = []rrule.Weekday{weekdays[weekdayOf(number)]}
	}
}

// weekdays are in the order of cron, which begins with Sunday.
var weekdays = [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}

// fromSunday returns a weekday as cron counts it: 0 is Sunday.
func fromSunday(w rrule.Weekday) int { return (w.Day() + 1) % 7 }

func given(list []int, otherwise int) []int {
	if len(list) == 0 {
		return []int{otherwise}
	}
	return list
}
