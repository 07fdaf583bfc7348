package schedule

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// The table of a zone must say what time.Location says, at the seams and
// anywhere else, through all years.
func TestZonesAgreeWithTime(t *testing.T) {
	t.Parallel()
	names, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for name := range strings.FieldsSeq(string(names)) {
		z, err := loadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range z.stretches {
			checkZone(t, z, s.start)
			checkZone(t, z, max(s.start-1, 0))
		}
		for range 500 {
			checkZone(t, z, random.Int64N(endInstant))
		}
	}
}

func checkZone(t *testing.T, z *zone, at int64) {
	t.Helper()
	_, offset := time.Unix(at, 0).In(z.location).Zone()
	if got := z.civil(at) - at; got != int64(offset) {
		t.Fatalf("%s at %s: got offset %d, want %d", z.name, timeText(at), got, offset)
	}
}

func TestZoneInstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, civil, want string }{
		{"UTC", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z"},
		{"Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"},
		{"Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"},
		{"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z"},
		{"Asia/Tokyo", "2199-12-31T23:00:00Z", "2199-12-31T14:00:00Z"},
	} {
		z, err := loadZone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		civil, err := time.Parse(time.RFC3339, c.civil)
		if err != nil {
			t.Fatal(err)
		}
		if got := timeText(z.instant(civil.Unix())); got != c.want {
			t.Errorf("%s on the clocks of %s: got %s, want %s", c.civil, c.zone, got, c.want)
		}
	}
}

func TestZoneIsLoadedOnce(t *testing.T) {
	t.Parallel()
	a, _ := loadZone("Europe/Paris")
	b, _ := loadZone("Europe/Paris")
	if a != b {
		t.Error("two tables of one zone")
	}
}
