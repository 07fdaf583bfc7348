package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

// naive audits second by second and row by row.
type naive struct {
	pauses    []Pause
	revisions []Revision
	compiled  map[string]*schedule.Schedule
	expected  map[fireKey]Revision
}

type fireKey struct {
	job uuid.UUID
	at  time.Time
}

func compiled(r Revision) *schedule.Schedule {
	var s schedule.Spec
	if err := json.Unmarshal(r.Schedule, &s); err != nil {
		panic(err)
	}
	c, err := s.Compile(r.Job.String())
	if err != nil {
		panic(err)
	}
	return c
}

func (n *naive) fires(r Revision, at time.Time) bool {
	_, ok := n.compiled[r.Job.String()+string(r.Schedule)].Nominal(at)
	return ok && !r.Paused && !r.Deleted && !at.Before(r.From)
}

// held is the newest of the revisions that have begun; those are all that a job
// has, and in order.
func (n *naive) held(job uuid.UUID, at time.Time) (held Revision, ok bool) {
	for _, r := range n.revisions {
		if r.Job == job && !at.Before(r.From) && r.Number > held.Number {
			held, ok = r, true
		}
	}
	return held, ok
}

// paused is whether the newest change that has begun, of the namespace or of
// everything, is a pause.
func (n *naive) paused(namespace string, at time.Time) bool {
	newest := map[string]Pause{}
	for _, p := range n.pauses {
		if !at.Before(p.From) && p.Revision > newest[p.Namespace].Revision {
			newest[p.Namespace] = p
		}
	}
	return newest[""].Paused || newest[namespace].Paused
}

func newNaive(w Window, pauses []Pause, revisions []Revision) *naive {
	n := &naive{pauses, revisions, map[string]*schedule.Schedule{}, map[fireKey]Revision{}}
	jobs := map[uuid.UUID]bool{}
	for _, r := range revisions {
		jobs[r.Job] = true
		n.compiled[r.Job.String()+string(r.Schedule)] = compiled(r)
	}
	for job := range jobs {
		for at := w.From; at.Before(w.To); at = at.Add(time.Second) {
			if r, ok := n.held(job, at); ok && n.fires(r, at) && !n.paused(r.Namespace, at) {
				n.expected[fireKey{job, at}] = r
			}
		}
	}
	return n
}

// overruled is whether a row's revision did not count at its instant, because a
// later one had begun or because of a pause, and whether that was so for more than
// a minute when the row was planned.
func (n *naive) overruled(row Row) (overruled, stale bool) {
	held, _ := n.held(row.Job, row.At)
	i := slices.IndexFunc(n.revisions, func(r Revision) bool {
		return r.Job == row.Job && r.Number == row.Revision && r.Number <= held.Number
	})
	if i < 0 {
		return false, false
	}
	named := n.revisions[i]
	since := n.pausedSince(named.Namespace, row.At)
	for _, r := range n.revisions {
		if r.Job == row.Job && r.Number > named.Number && !row.At.Before(r.From) && (since.IsZero() || r.From.Before(since)) {
			since = r.From
		}
	}
	return !since.IsZero(), !since.IsZero() && row.PlannedAt.After(since.Add(time.Minute))
}

// pausedSince is when the first of the pauses began that were not resumed before
// an instant; zero if none holds.
func (n *naive) pausedSince(namespace string, at time.Time) (since time.Time) {
	for _, begin := range n.pauses {
		resumed := slices.ContainsFunc(n.pauses, func(p Pause) bool {
			return p.Namespace == begin.Namespace && !p.Paused && p.Revision > begin.Revision && !at.Before(p.From)
		})
		concerns := begin.Namespace == "" || begin.Namespace == namespace
		if concerns && begin.Paused && !resumed && !at.Before(begin.From) && (since.IsZero() || begin.From.Before(since)) {
			since = begin.From
		}
	}
	return since
}

func (n *naive) called(row Row) bool {
	return slices.ContainsFunc(n.revisions, func(r Revision) bool {
		return r.Job == row.Job && r.Number == row.Revision && n.fires(r, row.At)
	})
}

// unended are the states of runs that go on.
var unended = []carillon.State{carillon.StateQueued, carillon.StateRunning, carillon.StateRetrying}

// audit returns a report without the reasons of rows and without lateness.
func (n *naive) audit(w Window, rows []Row) Report {
	report := Report{From: w.From, To: w.To, Expected: len(n.expected), States: map[carillon.State]int{}}
	left, jobs, filled, pending := map[fireKey]bool{}, map[uuid.UUID]bool{}, map[fireKey]bool{}, map[fireKey]bool{}
	for key := range n.expected {
		left[key], jobs[key.job] = true, true
	}
	report.Jobs = len(jobs)
	for _, row := range rows {
		key := fireKey{row.Job, row.At}
		r, called := n.expected[key]
		overruled, stale := n.overruled(row)
		own := row.ID == carillon.NewRunID(row.Job, carillon.KindSchedule, row.At)
		switch {
		case row.At.Before(w.From) || !row.At.Before(w.To):
		case row.Backfill && slices.ContainsFunc(n.revisions, func(r Revision) bool { return r.Job == row.Job }):
			pending[key] = pending[key] || slices.Contains(unended, row.State)
			filled[key] = filled[key] || !slices.Contains(unended, row.State) && row.StartedAt.After(time.Time{})
		case called && own:
			delete(left, key)
			if row.State.Final() {
				report.States[row.State]++
			} else {
				report.Pending++
			}
			if stale {
				report.StaleRows = append(report.StaleRows, oddOf(&row, ""))
			} else if row.Revision != r.Number {
				report.OtherRevision++
			}
		case own && overruled && n.called(row) && stale:
			report.StaleRows = append(report.StaleRows, oddOf(&row, ""))
		case own && overruled && n.called(row):
			report.Superseded++
		default:
			report.UnexpectedRows = append(report.UnexpectedRows, oddOf(&row, ""))
		}
	}
	for key := range left {
		switch {
		case filled[key]:
			report.Filled++
			delete(left, key)
		case pending[key]:
			report.Pending++
			delete(left, key)
		}
	}
	for key := range left {
		r := n.expected[key]
		report.UnexplainedFires = append(report.UnexplainedFires, Fire{key.job, r.Name, r.Namespace, key.at, r.Number})
	}
	report.Unexplained, report.Unexpected, report.Stale = len(left), len(report.UnexpectedRows), len(report.StaleRows)
	return ordered(report)
}

// ordered sorts the lists of a report, and leaves out why rows are in them.
func ordered(r Report) Report {
	slices.SortFunc(r.UnexplainedFires, func(a, b Fire) int {
		return cmp.Or(bytes.Compare(a.JobID[:], b.JobID[:]), a.FireTime.Compare(b.FireTime))
	})
	for _, rows := range [][]Odd{r.UnexpectedRows, r.StaleRows} {
		slices.SortFunc(rows, func(a, b Odd) int {
			return cmp.Or(bytes.Compare(a.RunID[:], b.RunID[:]), bytes.Compare(a.JobID[:], b.JobID[:]), a.FireTime.Compare(b.FireTime))
		})
		for i := range rows {
			rows[i].Reason = ""
		}
	}
	return r
}
