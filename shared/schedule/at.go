package schedule

import (
	"errors"
	"time"
)

// at is the rule of one instant. The zone is for its words only.
type at struct {
	instant int64
	zone    *zone
}

func compileAt(when time.Time, in scope) (rule, error) {
	found := ceil(when)
	if found < 0 || found >= endInstant {
		return nil, errors.New("must be between the years 1970 and 2199; for example \"2027-01-31T09:00:00Z\"")
	}
	return at{found, in.zone}, nil
}

func (a at) next(from int64) (int64, bool) { return a.instant, from <= a.instant }

func (a at) prev(to int64) (int64, bool) { return a.instant, a.instant <= to }

// String returns "at 2027-01-31T09:00:00Z".
func (a at) String() string { return "at " + timeText(a.instant) }

func (at) rowsPerDay(reach) int { return 1 }

func (a at) steady() (int64, bool) { return a.instant + 1, true }

func (at) warn(*notes) {}
