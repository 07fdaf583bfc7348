package backfill

import (
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/shared/wire"
)

// MaxRange is the most fires that a range may have, wanted or not.
const MaxRange = 100_000

// TooManyError says that a range is too large, and where it could end instead.
type TooManyError struct {
	What string
	Most int
	Cut  time.Time // an end of the range with which it is not too large
}

// Error says what to do.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("the range has more than %d %s; cut it at %s, and go on from there", e.Most, e.What, e.Cut.Format(time.RFC3339))
}

// Range is what is asked for: the fires from From on that are before To.
type Range struct {
	From, To time.Time
	Mode     Mode
	Schedule Schedule
}

// Fires returns the fires of the range, ascending. The revisions are all that one
// job has, with the newest first. It fails with *[TooManyError].
func (r Range) Fires(newestFirst []*audit.Revision, pauses []audit.Pause) ([]time.Time, error) {
	revisions := copies(newestFirst)
	if r.Schedule == Current {
		pauses = nil
		revisions = revisions[:1]
		revisions[0].From, revisions[0].Paused = r.From, false
	}
	var fires []time.Time
	for at := range audit.Expected(revisions, pauses, r.From, r.To) {
		if len(fires) == MaxRange { // cut where not more can be wanted, for this tells nothing of that
			return nil, &TooManyError{"fires", MaxRange, fires[wire.MaxBackfill]}
		}
		fires = append(fires, at.UTC())
	}
	return fires, nil
}

// Choice is which fires of a range are to be run, and what became of the others.
type Choice struct {
	Fires    []time.Time // ascending
	UnderWay int         // not wanted, for they are being run
	Unknown  int         // not wanted, for nobody knows whether they ran
}

// Choose picks the fires that the range's mode wants. It fails with *[TooManyError].
func (r Range) Choose(fires []time.Time, ledger *Ledger) (Choice, error) {
	var c Choice
	for _, at := range fires {
		switch s := ledger.fires[at.Unix()]; {
		case s == underWay:
			c.UnderWay++
		case r.Mode != All && ledger.unknown(at):
			c.Unknown++
		case r.Mode.wants(s):
			c.Fires = append(c.Fires, at)
		}
	}
	if len(c.Fires) > wire.MaxBackfill {
		return c, &TooManyError{"fires to run", wire.MaxBackfill, c.Fires[wire.MaxBackfill]}
	}
	return c, nil
}

// Sample returns the first and the last few of a choice's fires, at most n.
func (c Choice) Sample(n int) []time.Time {
	if len(c.Fires) <= n {
		return slices.Clone(c.Fires)
	}
	return slices.Concat(c.Fires[:n-n/2], c.Fires[len(c.Fires)-n/2:])
}
