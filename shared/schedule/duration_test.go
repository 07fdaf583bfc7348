package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

func TestDurationText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		length time.Duration
		text   string
	}{
		"30s": {30 * time.Second, "30s"}, "1m30s": {90 * time.Second, "1m30s"}, "90s": {90 * time.Second, "1m30s"},
		"7d": {168 * time.Hour, "7d"}, "1d12h": {36 * time.Hour, "36h"}, "24h": {24 * time.Hour, "1d"}, "60m": {time.Hour, "1h"},
		"1h0m5s": {time.Hour + 5*time.Second, "1h0m5s"}, "250ms": {250 * time.Millisecond, "250ms"}, "0s": {0, "0s"}, "0d": {0, "0s"},
		"-5m": {-5 * time.Minute, "-5m"}, "1h30m": {90 * time.Minute, "1h30m"},
	} {
		var d schedule.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want.length {
			t.Errorf("%q: got %s, %v", text, time.Duration(d), err)
		}
		if got, err := d.MarshalText(); err != nil || string(got) != want.text {
			t.Errorf("%q: written as %q, %v, want %q", text, got, err, want.text)
		}
	}
}

func TestBadDurations(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "5", "d", "1.5d", "-7d", "7d-1h", "1d1d", "5 minutes", "99999999d", "40000d", "9999999h", strings.Repeat("1", 1000)} {
		var d schedule.Duration
		if err := d.UnmarshalText([]byte(text)); err == nil || err != nil && !strings.Contains(err.Error(), "write for example") {
			t.Errorf("%q: got %s, %v", text, d, err)
		}
	}
}
