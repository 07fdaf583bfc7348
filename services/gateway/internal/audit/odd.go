package audit

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// newsDelay is how long after a change took effect a planner may not know of it
// although NATS and a gateway are up: the relay's longest pass (15 s), its longest
// wait after a failure (5 s), half a minute until a planner's client notices that it
// gets no news any more, and some seconds. A planner that ignores a change does so
// for longer.
const newsDelay = time.Minute

// Odd is a row that no fire calls for, or not under its revision.
type Odd struct {
	RunID    uuid.UUID      `json:"run_id" format:"uuid"`
	JobID    uuid.UUID      `json:"job_id" format:"uuid"`
	FireTime time.Time      `json:"fire_time"`
	Revision int64          `json:"revision" doc:"The revision that the row names."`
	State    carillon.State `json:"state"`
	Reason   string         `json:"reason" doc:"Why it is not called for."`
}

func oddOf(row *Row, reason string) Odd {
	return Odd{RunID: row.ID, JobID: row.Job, FireTime: row.At, Revision: row.Revision, State: row.State, Reason: reason}
}

// odd takes a row of a job that explains no fire.
func (c *comparison) odd(l *line) {
	row := &c.rows.head
	if row.Backfill {
		c.rows.advance()
		return
	}
	if reason := oddity(l, row); reason != "" {
		c.unexpected(reason)
		return
	}
	if !c.stale(l, row) {
		c.report.Superseded++
	}
	c.rows.advance()
}

// stale counts a row whose revision had been overruled for so long when it was
// planned that the planner should have known.
func (c *comparison) stale(l *line, row *Row) bool {
	named := l.revision(row.Revision)
	if named == nil {
		return false
	}
	overruled := l.overruled(named, row.At)
	late := row.PlannedAt.Sub(overruled)
	if overruled.IsZero() || late <= newsDelay {
		return false
	}
	c.report.Stale++
	if len(c.report.StaleRows) < c.window.Most {
		c.report.StaleRows = append(c.report.StaleRows, oddOf(row, staleness(l, named, row.At, overruled, late)))
	}
	return true
}

// staleness says what the planner did not heed, and for how long.
func staleness(l *line, named *Revision, at, overruled time.Time, late time.Duration) string {
	by := "a later revision took effect"
	if l.pauses.since(named.Namespace, at).Equal(overruled) {
		by = l.pauses.reason(named.Namespace, at)
	}
	return "planned " + carillon.Duration(late.Round(time.Second)).String() + " after " + by
}

func (c *comparison) unknownJob() { c.unexpected("no job has this id") }

func (c *comparison) unexpected(reason string) {
	c.report.Unexpected++
	if len(c.report.UnexpectedRows) < c.window.Most {
		c.report.UnexpectedRows = append(c.report.UnexpectedRows, oddOf(&c.rows.head, reason))
	}
	c.rows.advance()
}

// oddity says why a row is not called for; "" if its revision once called for it.
func oddity(l *line, row *Row) string {
	held, named := l.holding(row.At), l.revision(row.Revision)
	switch {
	case row.ID != carillon.NewRunID(l.job, carillon.KindSchedule, row.At):
		return "the run id is not that of the job and the fire time"
	case held == nil:
		return "the job did not exist yet"
	case named != nil && named.Number <= held.Number && !l.overruled(named, row.At).IsZero() && l.fired(named, row.At):
		return ""
	case held.Deleted:
		return "the job was deleted"
	case held.Paused:
		return "the job was paused"
	case !l.pauses.since(held.Namespace, row.At).IsZero():
		return l.pauses.reason(held.Namespace, row.At)
	}
	return "the schedule does not fire then"
}
