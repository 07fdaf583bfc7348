package audit

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"
)

// together is how many jobs are computed before their rows are asked for. While
// Postgres sums up the rows of a window, the fires of the first so many are.
const together = 1000

// Window is what is audited: the fires from From on that are before To. Each list of
// the report holds at most Most; what is beyond is only counted.
type Window struct {
	From, To time.Time
	Most     int
}

// Ledger is what is known of the runs of a window.
type Ledger struct {
	// Digests come by job, the greatest id first.
	Digests Source[Digest]
	// Rows returns the rows of some jobs, by job, the greatest id first, and then
	// by fire time. It is called when the rows of the last call have been read.
	Rows func(jobs []uuid.UUID) Source[Row]
}

// Compare audits a window. Pauses are all changes that hold within it, in any
// order. Revisions come by job, the greatest id first, and then with the newest
// first; all that begin before the window's end. It fails only with the error of a
// source. How late runs began, the report leaves out.
func Compare(w Window, pauses []Pause, revisions Source[*Revision], ledger Ledger) (Report, error) {
	c := &comparison{window: w, ledger: ledger, pauses: newPauses(pauses), report: newReport(w)}
	jobs := newPeeker(revisions)
	lines := c.nextLines(jobs)
	c.digests = newPeeker(ledger.Digests) // which waits for Postgres
	for ; len(lines) > 0 && c.sound(); lines = c.nextLines(jobs) {
		c.judge(lines)
	}
	for jobs.err == io.EOF && c.sound() && c.digests.err == nil {
		c.doubt(c.digests.head.Job, nil)
		c.digestsOf(c.digests.head.Job)
	}
	if jobs.sound() && c.sound() {
		c.resolve()
	}
	return c.report, errors.Join(jobs.failure(), c.digests.failure(), c.failure)
}

// nextLines takes all revisions of the next jobs, and tallies their fires.
func (c *comparison) nextLines(revisions *peeker[*Revision]) (lines []*line) {
	for len(lines) < together && revisions.err == nil {
		l := nextLine(revisions, c.pauses)
		l.expect(c.window)
		lines = append(lines, l)
	}
	return lines
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
	window  Window
	pauses  pauses
	ledger  Ledger
	digests *peeker[Digest]
	report  Report

	doubtful []uuid.UUID // jobs whose rows are to be read one by one
	lines    []*line     // of those of them that there are
	rows     *peeker[Row]
	failure  error // of rows
}

func (c *comparison) sound() bool { return c.failure == nil && c.digests.sound() }

// judge goes by the digests of some jobs, and of what lies between them.
func (c *comparison) judge(lines []*line) {
	for _, l := range lines {
		for c.digests.err == nil && bytes.Compare(c.digests.head.Job[:], l.job[:]) > 0 {
			c.doubt(c.digests.head.Job, nil)
			c.digestsOf(c.digests.head.Job)
		}
		if digests := c.digestsOf(l.job); l.explainedBy(digests) {
			c.count(l, digests)
		} else {
			c.doubt(l.job, l)
		}
	}
	c.resolve()
}

// digestsOf takes the digests of a job, which are the next if there are any.
func (c *comparison) digestsOf(job uuid.UUID) (all []Digest) {
	for c.digests.err == nil && c.digests.head.Job == job {
		all = append(all, c.digests.head)
		c.digests.advance()
	}
	return all
}

// count adds a job of which each fire has its row, and each row its fire.
func (c *comparison) count(l *line, digests []Digest) {
	for _, d := range digests {
		c.report.Expected += d.Count
		c.report.ended(d.State, d.Count)
	}
	if len(digests) > 0 {
		c.report.Jobs++
	}
	c.report.Unreadable += l.unreadable()
}

// doubt has the rows of a job read; its line is nil if there is no such job.
func (c *comparison) doubt(job uuid.UUID, l *line) {
	c.doubtful = append(c.doubtful, job)
	if l != nil {
		c.lines = append(c.lines, l)
	}
	if len(c.doubtful) == together {
		c.resolve()
	}
}

// resolve reads the rows of the doubtful jobs.
func (c *comparison) resolve() {
	if len(c.doubtful) == 0 || c.failure != nil {
		return
	}
	c.rows = newPeeker(c.ledger.Rows(c.doubtful))
	for _, l := range c.lines {
		if c.rows.sound() {
			c.job(l)
		}
	}
	for c.rows.err == nil {
		c.unknownJob()
	}
	c.failure = c.rows.failure()
	c.doubtful, c.lines = c.doubtful[:0], c.lines[:0]
}
