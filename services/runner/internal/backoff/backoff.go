// Package backoff says how long to wait before trying again.
//
// The wait before attempt n+1 is a random time between nothing and
// MinBackoff·2ⁿ⁻¹, at most MaxBackoff: exponential backoff with full jitter.
// Full jitter spreads a herd that failed together evenly over the whole wait,
// which brings a target back sooner than any narrower spread (Brooker,
// "Exponential Backoff And Jitter", 2015).
package backoff

import (
	"math/rand/v2"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// Jitter picks a wait of at most ceiling.
type Jitter func(ceiling time.Duration) time.Duration

// Full is the jitter of production: uniform from nothing to the ceiling.
func Full(ceiling time.Duration) time.Duration { return rand.N(ceiling + 1) }

// Delay returns the wait after the given number of failed attempts, from 1.
func Delay(retry carillon.Retry, failed int, jitter Jitter) time.Duration {
	return jitter(ceiling(time.Duration(retry.MinBackoff), time.Duration(retry.MaxBackoff), failed))
}

// ceiling doubles step by step: a shift by up to fifty would overflow.
func ceiling(least, most time.Duration, failed int) time.Duration {
	wait := least
	for range failed - 1 {
		if wait >= most/2 {
			return most
		}
		wait *= 2
	}
	return min(wait, most)
}
