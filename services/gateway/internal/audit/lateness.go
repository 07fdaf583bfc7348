package audit

import (
	"math/bits"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// Each power of two is cut into 64 buckets, so that a bucket's upper bound is
// less than 1/64 above what it holds.
const (
	precision = 6
	cuts      = 1 << precision
)

// lateness is a histogram of durations in microseconds, log-linear like those of
// HdrHistogram: 64 buckets up to 64 µs, and for each power of two from there on.
type lateness struct {
	threshold time.Duration
	buckets   [(64 - precision) * cuts]int
	all, late int
	max       time.Duration
}

// add counts a duration. What began too soon, by another machine's clock, is not
// late at all.
func (l *lateness) add(d time.Duration) {
	d = max(d, 0)
	l.buckets[bucketOf(uint64(d.Microseconds()))]++
	l.all++
	l.max = max(l.max, d)
	if d > l.threshold {
		l.late++
	}
}

// bucketOf keeps the leading one and the six bits after it.
func bucketOf(us uint64) int {
	shift := max(bits.Len64(us)-precision-1, 0)
	return shift<<precision + int(us>>shift)
}

// boundOf is the largest duration in a bucket.
func boundOf(bucket int) time.Duration {
	shift := max(bucket>>precision-1, 0)
	return time.Duration(uint64(bucket-shift<<precision+1)<<shift-1) * time.Microsecond
}

// quantile is a duration that a share of all do not exceed.
func (l *lateness) quantile(share float64) time.Duration {
	rest := int(share * float64(l.all))
	for bucket, n := range l.buckets {
		if rest -= n; rest < 0 {
			return min(boundOf(bucket), l.max)
		}
	}
	return l.max
}

func (l *lateness) report() Lateness {
	return Lateness{
		Threshold: carillon.Duration(l.threshold), Count: l.late, Max: carillon.Duration(l.max),
		P50: carillon.Duration(l.quantile(0.5)), P99: carillon.Duration(l.quantile(0.99)),
	}
}
