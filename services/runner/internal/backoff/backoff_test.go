package backoff

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func most(ceiling time.Duration) time.Duration { return ceiling }

func TestDelayDoublesUpToItsLimit(t *testing.T) {
	t.Parallel()
	second, minute := carillon.Duration(time.Second), carillon.Duration(time.Minute)
	tests := []struct {
		retry  carillon.Retry
		failed int
		want   time.Duration
	}{
		{carillon.Retry{MinBackoff: second, MaxBackoff: minute}, 1, time.Second},
		{carillon.Retry{MinBackoff: second, MaxBackoff: minute}, 2, 2 * time.Second},
		{carillon.Retry{MinBackoff: second, MaxBackoff: minute}, 6, 32 * time.Second},
		{carillon.Retry{MinBackoff: second, MaxBackoff: minute}, 7, time.Minute},
		{carillon.Retry{MinBackoff: second, MaxBackoff: minute}, 50, time.Minute},
		{carillon.Retry{MinBackoff: minute, MaxBackoff: minute}, 1, time.Minute},
		{carillon.Retry{MinBackoff: 24 * 60 * minute, MaxBackoff: 24 * 60 * minute}, 49, 24 * time.Hour},
		{carillon.Retry{}, 3, 0},
	}
	for _, test := range tests {
		if got := Delay(test.retry, test.failed, most); got != test.want {
			t.Errorf("after %d failures of %+v: %s, want %s", test.failed, test.retry, got, test.want)
		}
	}
}

func TestFullJitterCoversItsRange(t *testing.T) {
	t.Parallel()
	low, high := time.Hour, time.Duration(0)
	for range 10_000 {
		d := Full(time.Second)
		low, high = min(low, d), max(high, d)
	}
	if low < 0 || low > 10*time.Millisecond || high > time.Second || high < 990*time.Millisecond {
		t.Errorf("10,000 waits of at most 1 s lie between %s and %s", low, high)
	}
}
