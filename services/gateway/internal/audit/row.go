package audit

import (
	"bytes"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Row is a line of the ledger whose kind is schedule or backfill.
type Row struct {
	ID, Job   uuid.UUID
	At        time.Time // the fire time
	State     carillon.State
	Revision  int64
	PlannedAt time.Time
	StartedAt time.Time // zero if no attempt began
	Backfill  bool      // a later run of a fire: it stands in for one that is not there
}

// fills reports whether a backfill ran a fire to an end. One that was cancelled
// before its call did not.
func (r *Row) fills() bool { return r.Backfill && r.State.Final() && !r.StartedAt.IsZero() }

// fillsLater reports whether a backfill is still running a fire.
func (r *Row) fillsLater() bool { return r.Backfill && !r.State.Final() }

// job audits one job row by row, and the rows that lie between it and the job
// before.
func (c *comparison) job(l *line) {
	for c.rows.err == nil && bytes.Compare(c.rows.head.Job[:], l.job[:]) > 0 {
		c.unknownJob()
	}
	before := c.report.Expected
	for at, r := range l.fires(c.window.From, c.window.To) {
		for c.atRowOf(l) && c.rows.head.At.Before(at) {
			c.odd(l)
		}
		c.fire(l, r, at)
		if !c.rows.sound() {
			return
		}
	}
	for c.atRowOf(l) {
		c.odd(l)
	}
	if c.report.Expected > before {
		c.report.Jobs++
	}
	c.report.Unreadable += l.unreadable()
}

func (c *comparison) atRowOf(l *line) bool { return c.rows.err == nil && c.rows.head.Job == l.job }

// fire looks for the row of an expected fire.
func (c *comparison) fire(l *line, r *Revision, at time.Time) {
	c.report.Expected++
	found, pending, filled := false, false, false
	for c.atRowOf(l) && c.rows.head.At.Equal(at) {
		if !c.rows.head.Backfill && c.rows.head.ID == carillon.NewRunID(l.job, carillon.KindSchedule, at) {
			c.explain(l, r)
			found = true
		} else {
			pending = pending || c.rows.head.fillsLater()
			filled = filled || c.rows.head.fills()
			c.odd(l)
		}
	}
	switch {
	case found:
	case filled:
		c.report.Filled++
	case pending:
		c.report.Pending++
	default:
		c.unexplained(Fire{JobID: l.job, Job: r.Name, Namespace: r.Namespace, FireTime: at, Revision: r.Number})
	}
}

// explain takes the row of an expected fire.
func (c *comparison) explain(l *line, r *Revision) {
	row := &c.rows.head
	c.report.ended(row.State, 1)
	if row.Revision != r.Number && !c.stale(l, row) {
		c.report.OtherRevision++
	}
	c.rows.advance()
}

func (c *comparison) unexplained(f Fire) {
	c.report.Unexplained++
	if len(c.report.UnexplainedFires) < c.window.Most {
		c.report.UnexplainedFires = append(c.report.UnexplainedFires, f)
	}
}
