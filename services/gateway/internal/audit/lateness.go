package audit

import (
	"math"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// BucketsPerE is how finely lateness is told apart: a bucket holds what rounds to
// the same ln(µs) · BucketsPerE, and its upper bound is 1.6 % above its lower one.
const BucketsPerE = 64

// Bucket counts the runs that began about equally late.
type Bucket struct {
	Number, Count int
	Late          int           // those of them beyond the threshold
	Max           time.Duration // the latest of them
}

// NewLateness sums up buckets, ascending. What began too soon, by another machine's
// clock, counts as 1 µs late.
func NewLateness(threshold time.Duration, buckets []Bucket) Lateness {
	l := Lateness{Threshold: carillon.Duration(threshold)}
	all := 0
	for _, b := range buckets {
		all += b.Count
		l.Count += b.Late
		l.Max = max(l.Max, carillon.Duration(b.Max))
	}
	l.P50, l.P99 = min(quantile(buckets, all/2), l.Max), min(quantile(buckets, all*99/100), l.Max)
	return l
}

// quantile is a duration that a number of runs do not exceed.
func quantile(buckets []Bucket, runs int) carillon.Duration {
	for _, b := range buckets {
		if runs -= b.Count; runs < 0 {
			us := math.Exp((float64(b.Number) + 0.5) / BucketsPerE)
			return carillon.Duration(us * float64(time.Microsecond))
		}
	}
	return 0
}
