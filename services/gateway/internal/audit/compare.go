package audit

import (
	"bytes"
	"errors"
	"io"
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

// Source yields records one by one. It ends with io.EOF, or with why there are
// no more.
type Source[T any] func() (T, error)

// Window is what is audited: the fires from From on that are before To. A run
// that began later than Late after its fire time counts as late.
type Window struct {
	From, To time.Time
	Late     time.Duration
}

// Compare audits a window. Pauses are all changes that hold within it, in any
// order. Revisions come by job, the greatest id first, and then with the newest
// first; all that begin before the window's end. Rows come by job, the greatest id
// first, then by fire time, and are those of the window. It fails only with the
// error of a source.
func Compare(w Window, pauses []Pause, revisions Source[*Revision], rows Source[Row]) (Report, error) {
	c := &comparison{window: w, rows: newPeeker(rows), late: lateness{threshold: w.Late}, report: newReport(w)}
	jobs, paused := newPeeker(revisions), newPauses(pauses)
	for jobs.err == nil && c.rows.sound() {
		c.job(nextLine(jobs, paused))
	}
	for jobs.sound() && c.rows.err == nil {
		c.unknownJob()
	}
	c.report.Late = c.late.report()
	return c.report, errors.Join(jobs.failure(), c.rows.failure())
}

// nextLine takes all revisions of the next job.
func nextLine(revisions *peeker[*Revision], pauses pauses) *line {
	var all []*Revision
	for job := revisions.head.Job; revisions.err == nil && revisions.head.Job == job; revisions.advance() {
		all = append(all, revisions.head)
	}
	return newLine(all, pauses)
}

// comparison is an audit under way.
type comparison struct {
	window Window
	rows   *peeker[Row]
	report Report
	late   lateness
}

// job audits one job, and the rows that lie between it and the job before.
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
		if c.rows.head.ID == carillon.NewRunID(l.job, carillon.KindSchedule, at) {
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
	if row.State.Final() {
		c.report.States[row.State]++
	} else {
		c.report.Pending++
	}
	if row.Revision != r.Number && !c.stale(l, row) {
		c.report.OtherRevision++
	}
	if !row.StartedAt.IsZero() {
		c.late.add(row.StartedAt.Sub(row.At))
	}
	c.rows.advance()
}

func (c *comparison) unexplained(f Fire) {
	c.report.Unexplained++
	if len(c.report.UnexplainedFires) < most {
		c.report.UnexplainedFires = append(c.report.UnexplainedFires, f)
	}
}

// peeker shows the next record of a source before it is taken.
type peeker[T any] struct {
	source Source[T]
	head   T     // valid while err is nil
	err    error // io.EOF at the end
}

func newPeeker[T any](source Source[T]) *peeker[T] {
	p := &peeker[T]{source: source}
	p.advance()
	return p
}

func (p *peeker[T]) advance() { p.head, p.err = p.source() }

// sound reports whether the source has not failed.
func (p *peeker[T]) sound() bool { return p.err == nil || p.err == io.EOF }

// failure is why the source failed, or nil.
func (p *peeker[T]) failure() error {
	if p.sound() {
		return nil
	}
	return p.err
}
