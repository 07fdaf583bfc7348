package plan

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Grace is how late a fire may be planned without counting as missed. It is
// longer than any takeover (3 s), so a planner's death alone misses nothing.
const Grace = 5 * time.Second

// restored is why a fire is skipped that may have been called before.
const restored = "the system was restored from a backup, and may have run this before"

// catchUp judges due fires at an instant by the catch-up policies.
type catchUp struct {
	agenda *agenda.Agenda
	now    time.Time
	ahead  map[uuid.UUID]*ahead
}

// ahead is the n-th fire after one of a job: it moves along with that one.
type ahead struct {
	revision *agenda.Revision
	at       time.Time
	due      bool
}

func newCatchUp(a *agenda.Agenda, now time.Time) *catchUp {
	return &catchUp{agenda: a, now: now, ahead: map[uuid.UUID]*ahead{}}
}

// decide judges a fire beyond a mark. The fires of a job come in order.
func (c *catchUp) decide(fire agenda.Fire, mark wire.Mark) Decision {
	late := c.now.Sub(fire.At)
	d := Decision{Fire: fire, State: carillon.StateQueued, missed: late > Grace}
	if mark.Doubtful(fire.At) {
		return d.against(restored)
	}
	if d.missed {
		if reason := c.refuse(fire, late); reason != "" {
			d.State, d.Reason = carillon.StateMissed, fmt.Sprintf("planned %s late%s", late.Round(time.Second), reason)
		}
	}
	return d
}

// refuse says why a missed fire is not to run, or "".
func (c *catchUp) refuse(fire agenda.Fire, late time.Duration) string {
	policy, window := fire.Revision.CatchUp, time.Duration(fire.Revision.CatchUp.Window)
	switch {
	case policy.Policy == carillon.CatchUpSkip:
		return " and catch_up is skip"
	case late > window:
		return fmt.Sprintf(", beyond the catch_up window of %s", window)
	case policy.Policy == carillon.CatchUpLatest && c.superseded(fire, 1):
		return " and catch_up runs only the latest"
	case policy.Policy == carillon.CatchUpAll && c.superseded(fire, policy.Max):
		return fmt.Sprintf(" and catch_up runs only the latest %d", policy.Max)
	}
	return ""
}

// superseded reports whether at least n later fires of the job are due. It walks
// n fires ahead once, and then one for each fire asked about.
func (c *catchUp) superseded(fire agenda.Fire, n int) bool {
	a := c.ahead[fire.Job]
	if a == nil || a.revision != fire.Revision {
		a = &ahead{revision: fire.Revision, at: fire.At, due: true}
		c.ahead[fire.Job] = a
	} else {
		n = 1
	}
	for ; a.due && n > 0; n-- {
		next, ok := c.agenda.Following(fire.Job, a.at)
		a.at, a.due = next.At, ok && !next.At.After(c.now)
	}
	return a.due
}
