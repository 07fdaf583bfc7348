package audit

import (
	"math"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// bucketed counts durations as the database does.
func bucketed(threshold time.Duration, all ...time.Duration) []Bucket {
	buckets := make([]Bucket, 2000)
	for _, d := range all {
		b := &buckets[int(math.Round(math.Log(max(float64(d.Microseconds()), 1))*BucketsPerE))]
		b.Count++
		b.Max = max(b.Max, d)
		if d > threshold {
			b.Late++
		}
	}
	for i := range buckets {
		buckets[i].Number = i
	}
	return buckets
}

func TestLateness(t *testing.T) {
	t.Parallel()
	all := []time.Duration{-time.Hour, 5 * time.Second}
	for ms := range 1000 {
		all = append(all, time.Duration(ms+1)*time.Millisecond)
	}
	got := NewLateness(time.Second, bucketed(time.Second, all...))
	if got.Count != 1 || got.Max != carillon.Duration(5*time.Second) || got.Threshold != carillon.Duration(time.Second) {
		t.Errorf("%+v", got)
	}
	for want, q := range map[time.Duration]carillon.Duration{500 * time.Millisecond: got.P50, 990 * time.Millisecond: got.P99} {
		if q := time.Duration(q); q < want-time.Millisecond || q > want+want/50+time.Millisecond {
			t.Errorf("%s, want %s", q, want)
		}
	}
	if got := NewLateness(time.Second, nil); got != (Lateness{Threshold: carillon.Duration(time.Second)}) {
		t.Errorf("of nothing: %+v", got)
	}
	if got := NewLateness(time.Second, bucketed(time.Second, 7*time.Millisecond)); got.P50 != got.Max || got.P99 != got.Max {
		t.Errorf("of one: %+v", got)
	}
}
