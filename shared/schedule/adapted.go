package schedule

import (
	"math/bits"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Adapted is what adaptive rescheduling made of a [Spec]. It stands beside what the
// owner wrote, which stays as it is, and takes its place: Every that of the Spec's
// Every, Offset that of the job's own share of the Spec's Spread. The zero value of
// a field leaves the owner's.
//
// A stretched interval is a multiple of the owner's and has the same anchor. So a
// stretched job fires at some of the instants at which it would fire anyway, and at
// no others.
type Adapted struct {
	Every  Duration  `json:"every,omitempty" doc:"The interval in force, a multiple of the owner's." example:"30m"`
	Offset *Duration `json:"offset,omitempty" doc:"The delay in force, within the spread." example:"17s"`
}

// interval returns the interval in force.
func (s Spec) interval() Duration {
	if s.Adapted != nil && s.Adapted.Every != 0 {
		return s.Adapted.Every
	}
	return s.Every
}

// shareOf returns the share by which a spread delays the fires of a seed.
func (s Spec) shareOf(seed string, by spread) uint64 {
	if s.Adapted != nil && s.Adapted.Offset != nil {
		return by.shareFor(int64(*s.Adapted.Offset / Duration(time.Second)))
	}
	return shareOf(seed)
}

// shareFor returns the least share of which [spread.of] the span is the given
// number of seconds, which must be below the span.
func (s spread) shareFor(offset int64) uint64 {
	share, _ := bits.Div64(uint64(offset), uint64(s.span-1), uint64(s.span))
	return share
}

// checkAdapted says what is wrong with Adapted beside the rest of the spec.
func (s Spec) checkAdapted() error {
	var faults fault.Faults
	every := s.Adapted.Every
	if every != 0 && (s.Every <= 0 || every < s.Every || every%s.Every != 0) {
		faults.Add("adapted.every", "must be a multiple of every (%s), not %s", s.Every, every)
	}
	if every != 0 && s.MaxRuns > 0 {
		faults.Add("adapted.every", "cannot stand beside max_runs, which counts the fires of one interval")
	}
	if offset := s.Adapted.Offset; offset != nil && !s.within(*offset) {
		faults.Add("adapted.offset", "must be whole seconds and less than spread, which must be a duration, not %s", *offset)
	}
	return faults.Err()
}

// within reports whether fires can be delayed by an offset within the spread.
func (s Spec) within(offset Duration) bool {
	span, ok := s.SpreadSpan()
	return ok && offset >= 0 && offset < span && offset%Duration(time.Second) == 0
}

// SpreadSpan returns the spread in whole seconds where it is a valid duration:
// fires are delayed by less than that. False means that it is none, or a percentage.
func (s Spec) SpreadSpan() (Duration, bool) {
	by, err := parseSpread(s.Spread, "")
	return Duration(by.span) * Duration(time.Second), err == nil && by.span > 0
}
