package schedule_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

func TestOneZoneHasOneName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe//Berlin", "Europe/./Berlin", "/Europe/Berlin", "Local", "localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "../zoneinfo/Europe/Berlin"} {
		if _, err := (schedule.Spec{Cron: "0 0 * * *", Timezone: name}).Compile("seed"); err == nil || !strings.Contains(err.Error(), "timezone") {
			t.Errorf("zone %q: %v", name, err)
		}
	}
}

func TestAZoneBeforeAMacro(t *testing.T) {
	t.Parallel()
	s, err := (schedule.Spec{Cron: "CRON_TZ=Europe/Berlin @daily"}).Compile("seed")
	if err != nil {
		t.Fatal(err)
	}
	if at, _ := s.Next(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)); !at.Equal(time.Date(2026, 7, 1, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("fires at %s, want midnight in Berlin", at)
	}
}

func TestPrevAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	s, err := (schedule.Spec{Cron: "0 0 * * *"}).Compile("seed")
	if err != nil {
		t.Fatal(err)
	}
	for _, before := range []time.Time{time.Unix(math.MinInt64, 0), time.Unix(-1, 5), time.Unix(0, 0)} {
		if at, ok := s.Prev(before); ok {
			t.Errorf("before %d comes %s", before.Unix(), at)
		}
	}
	for _, before := range []time.Time{time.Unix(math.MaxInt64, 999), time.Unix(0, 1)} {
		if at, ok := s.Prev(before); !ok || at.Unix() > before.Unix() {
			t.Errorf("before %d comes %s, %v", before.Unix(), at, ok)
		}
	}
}
