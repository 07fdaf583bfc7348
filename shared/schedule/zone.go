package schedule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // for machines without a database of their own
)

// zone is a time zone as a table of stretches of constant offset. The table
// covers the engine's years, so a search needs no lookups in a time.Location.
type zone struct {
	name      string
	location  *time.Location
	stretches []stretch
}

// stretch is a time during which the clocks of a zone are not changed: from
// start until the next stretch's start, civil time is the instant plus offset.
type stretch struct {
	start  int64
	offset int64
}

// farthest is more than any zone is away from UTC, or from itself after a change.
const farthest = 2 * secondsPerDay

// utc is also what stands in for a zone that does not exist, beside the error.
var utc = newZone("UTC", time.UTC)

// zones holds every zone used so far. It is bounded by the database's names.
var zones sync.Map

// loadZone finds a zone of the IANA database; the empty name is UTC.
func loadZone(name string) (*zone, error) {
	if name == "" || name == utc.name {
		return utc, nil
	}
	if known, ok := zones.Load(name); ok {
		return known.(*zone), nil
	}
	location, err := time.LoadLocation(name)
	if err != nil || !isZoneName(name) {
		return utc, fmt.Errorf("%s is not a time zone of the IANA database; write for example \"Europe/Berlin\" or \"UTC\"", quote(name))
	}
	known, _ := zones.LoadOrStore(name, newZone(name, location))
	return known.(*zone), nil
}

// zoneName is the form of the database's names. A path that leads to the same
// file by another way would be another zone, and there is no end of such paths.
var zoneName = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`)

// isZoneName tells zones from what else a machine's database holds: its own
// local time, and copies with leap seconds.
func isZoneName(name string) bool {
	switch name {
	case "Local", "localtime", "posixrules":
		return false
	}
	return zoneName.MatchString(name) && !strings.HasPrefix(name, "posix/") && !strings.HasPrefix(name, "right/")
}

func newZone(name string, location *time.Location) *zone {
	z := &zone{name: name, location: location}
	for at := time.Unix(0, 0).In(location); at.Unix() < endInstant; at = nextBound(at) {
		_, offset := at.Zone()
		z.stretches = append(z.stretches, stretch{at.Unix(), int64(offset)})
	}
	z.stretches = slices.CompactFunc(z.stretches, func(a, b stretch) bool { return a.offset == b.offset })
	return z
}

// nextBound returns a later instant such that the offset is constant until it.
func nextBound(at time.Time) time.Time {
	_, end := at.ZoneBounds()
	switch {
	case end.IsZero():
		return time.Unix(endInstant, 0)
	case end.After(at):
		return end
	}
	// ZoneBounds takes every year for one of 365 days, so that on the last day
	// of a leap year the bound is not after the instant.
	return at.Add(day)
}

// index returns the stretch that holds the instant. Instants before the first
// stretch count as part of it.
func (z *zone) index(instant int64) int {
	low, high := 0, len(z.stretches)
	for high-low > 1 {
		if middle := (low + high) / 2; z.stretches[middle].start <= instant {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// end returns the first instant after stretch i.
func (z *zone) end(i int) int64 {
	if i+1 < len(z.stretches) {
		return z.stretches[i+1].start
	}
	return endInstant
}

// civil returns what the clocks of the zone show at the instant.
func (z *zone) civil(instant int64) int64 {
	return instant + z.stretches[z.index(instant)].offset
}

// jump returns by how many seconds the clocks are put forward when stretch i
// starts; it is negative when they are put back. It is 0 past the last stretch.
func (z *zone) jump(i int) int64 {
	if i == 0 || i == len(z.stretches) {
		return 0
	}
	return z.stretches[i].offset - z.stretches[i-1].offset
}

// instant returns the first instant at which the clocks show the civil time or,
// if they jump over it, the instant of the jump.
func (z *zone) instant(civil int64) int64 {
	for i := z.index(civil - farthest); ; i++ {
		if found := civil - z.stretches[i].offset; i+1 == len(z.stretches) || found < z.end(i) {
			return max(found, z.stretches[i].start)
		}
	}
}
