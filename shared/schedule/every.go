package schedule

import (
	"fmt"
	"time"
)

// interval fires at anchor plus every multiple of step, before the anchor too:
// its phase depends on nothing else.
type interval struct {
	anchor, step int64
}

func compileEvery(step Duration, anchor *time.Time, in scope) (rule, error) {
	if step < Duration(time.Second) || step%Duration(time.Second) != 0 || step > maxDays*Duration(day) {
		return nil, fmt.Errorf("%s is not possible: use whole seconds from \"1s\" to \"%dd\", for example \"90s\"", step, maxDays)
	}
	v := interval{step: int64(step / Duration(time.Second))}
	if anchor != nil {
		v.anchor = ceil(*anchor)
	}
	return every{v, in.zone}, nil
}

func (v interval) next(instant int64) (int64, bool) {
	found := v.anchor - floorDiv(v.anchor-max(instant, 0), v.step)*v.step
	return found, found < endInstant
}

func (v interval) prev(instant int64) (int64, bool) {
	found := v.anchor + floorDiv(instant-v.anchor, v.step)*v.step
	return found, found >= 0
}

// every is the rule of a fixed interval. The zone is for its words only.
type every struct {
	interval
	zone *zone
}

// String returns "every 90s", and the phase where it is not that of the Unix epoch.
func (e every) String() string {
	text := "every " + Duration(time.Duration(e.step)*time.Second).String()
	if phase := e.anchor - floorDiv(e.anchor, e.step)*e.step; phase != 0 {
		text += " from " + timeText(phase)
	}
	return text
}

func (v interval) rowsPerDay(reach) int { return int(secondsPerDay/v.step) + 1 }

// steady: an interval that fills a week is the same in each.
func (v interval) steady() (int64, bool) { return 0, 7*secondsPerDay%v.step == 0 }

func (every) warn(*notes) {}

// ceil returns the first whole second that is not before t.
func ceil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// timeText writes an instant as RFC 3339 does.
func timeText(instant int64) string {
	return time.Unix(instant, 0).UTC().Format(time.RFC3339)
}
