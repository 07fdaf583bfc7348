package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// maxSpread bounds a fixed spread; a job that fires a month late has another schedule.
const maxSpread = 31 * Duration(day)

// spread delays every fire by the same share of a span: of a fixed one, or of
// a part of the interval to the next fire. The delay is less than that
// interval, or equal for all fires, so the order of the fires stays.
type spread struct {
	share   uint64 // of 2^64
	span    int64  // seconds
	percent int64
}

// parseSpread reads "10m" or "20%".
func parseSpread(text, seed string) (spread, error) {
	if text == "" {
		return spread{}, nil
	}
	s := spread{share: shareOf(seed)}
	if number, ok := strings.CutSuffix(text, "%"); ok {
		percent, err := strconv.ParseUint(number, 10, 8)
		if err != nil || percent < 1 || percent > 100 {
			return s, fmt.Errorf("%s is not a percentage from \"1%%\" to \"100%%\"", quote(text))
		}
		s.percent = int64(percent)
		return s, nil
	}
	span, err := parseDuration(text)
	if err != nil {
		return s, fmt.Errorf("%w, or \"20%%\"", err)
	}
	if span < Duration(time.Second) || span > maxSpread {
		return s, fmt.Errorf("%s is not between \"1s\" and \"31d\"", quote(text))
	}
	s.span = int64(span / Duration(time.Second))
	return s, nil
}

// shareOf returns the share of every span by which a seed delays fires, of 2^64.
func shareOf(seed string) uint64 { return hash(seed, "spread") }

// of returns the share of a span.
func (s spread) of(span int64) int64 {
	high, _ := bits.Mul64(s.share, uint64(span))
	return int64(high)
}

// fire is a nominal instant of a rule, and the instant at which it fires.
type fire struct{ nominal, at int64 }

// delayed returns the fire of a nominal instant of src. A last fire, which has
// no interval after it, is on time.
func (s spread) delayed(src source, nominal int64) fire {
	if s.percent == 0 {
		return fire{nominal, nominal + s.of(s.span)}
	}
	following, ok := src.next(nominal + 1)
	return s.delayedUntil(nominal, following, ok)
}

// delayedUntil is delayed by a percentage where the following nominal instant,
// if there is one, is known.
func (s spread) delayedUntil(nominal, following int64, ok bool) fire {
	if !ok {
		return fire{nominal, nominal}
	}
	return fire{nominal, nominal + s.of((following-nominal)*s.percent/100)}
}

// next returns the first fire of src that is not before the instant.
func (s spread) next(src source, instant int64) (fire, bool) {
	nominal, ok := src.next(instant - s.of(s.span))
	if s.percent > 0 {
		if before, any := src.prev(instant - 1); any {
			if f := s.delayedUntil(before, nominal, ok); f.at >= instant {
				return f, true
			}
		}
	}
	if !ok {
		return fire{}, false
	}
	return s.delayed(src, nominal), true
}

// prev returns the last fire of src that is not after the instant.
func (s spread) prev(src source, instant int64) (fire, bool) {
	nominal, ok := src.prev(instant - s.of(s.span))
	if !ok {
		return fire{}, false
	}
	for f := s.delayed(src, nominal); ; {
		if f.at <= instant {
			return f, true
		}
		before, ok := src.prev(nominal - 1)
		if !ok {
			return fire{}, false
		}
		f, nominal = s.delayedUntil(before, nominal, true), before
	}
}

// String returns the canonical text, which holds the share and so the seed's part.
func (s spread) String() string {
	switch {
	case s.percent > 0:
		return fmt.Sprintf(" spread=%d%%*%016x", s.percent, s.share)
	case s.span > 0:
		return " spread=+" + secondsText(s.of(s.span))
	}
	return ""
}

// secondsText writes a number of seconds as a duration.
func secondsText(n int64) string {
	return Duration(time.Duration(n) * time.Second).String()
}
