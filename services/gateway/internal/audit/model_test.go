package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func spec(s schedule.Spec) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return text
}

func every(d time.Duration) []byte { return spec(schedule.Spec{Every: schedule.Duration(d)}) }

// sourceOf yields the elements of a list.
func sourceOf[T any](all []T) Source[T] {
	return func() (T, error) {
		if len(all) == 0 {
			var none T
			return none, io.EOF
		}
		next := all[0]
		all = all[1:]
		return next, nil
	}
}

// compare audits what is in no order at all. It copies the revisions, which an
// audit writes to.
func compare(t *testing.T, w Window, revisions []Revision, rows []Row) Report {
	t.Helper()
	var copies []*Revision
	for _, r := range revisions {
		copies = append(copies, &r)
	}
	slices.SortFunc(copies, func(a, b *Revision) int {
		return cmp.Or(bytes.Compare(b.Job[:], a.Job[:]), cmp.Compare(b.Number, a.Number))
	})
	rows = slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.At.Before(w.From) || !r.At.Before(w.To) })
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(bytes.Compare(b.Job[:], a.Job[:]), a.At.Compare(b.At), bytes.Compare(a.ID[:], b.ID[:]))
	})
	report, err := Compare(w, sourceOf(copies), sourceOf(rows))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// naive audits second by second and row by row.
type naive struct {
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

func newNaive(w Window, revisions []Revision) *naive {
	n := &naive{revisions, map[string]*schedule.Schedule{}, map[fireKey]Revision{}}
	jobs := map[uuid.UUID]bool{}
	for _, r := range revisions {
		jobs[r.Job] = true
		n.compiled[r.Job.String()+string(r.Schedule)] = compiled(r)
	}
	for job := range jobs {
		for at := w.From; at.Before(w.To); at = at.Add(time.Second) {
			if r, ok := n.held(job, at); ok && n.fires(r, at) {
				n.expected[fireKey{job, at}] = r
			}
		}
	}
	return n
}

func (n *naive) superseded(row Row) bool {
	held, _ := n.held(row.Job, row.At)
	return slices.ContainsFunc(n.revisions, func(r Revision) bool {
		return r.Job == row.Job && r.Number == row.Revision && r.Number < held.Number && n.fires(r, row.At)
	})
}

// audit returns the numbers of a report, without lists and lateness.
func (n *naive) audit(w Window, rows []Row) Report {
	report := Report{From: w.From, To: w.To, Expected: len(n.expected), States: map[carillon.State]int{}}
	left, jobs, filled := map[fireKey]bool{}, map[uuid.UUID]bool{}, map[fireKey]bool{}
	for key := range n.expected {
		left[key], jobs[key.job] = true, true
	}
	report.Jobs = len(jobs)
	for _, row := range rows {
		key := fireKey{row.Job, row.At}
		r, called := n.expected[key]
		own := row.ID == carillon.NewRunID(row.Job, carillon.KindSchedule, row.At)
		switch {
		case row.At.Before(w.From) || !row.At.Before(w.To):
		case row.Backfill && slices.ContainsFunc(n.revisions, func(r Revision) bool { return r.Job == row.Job }):
			filled[key] = true
		case called && own:
			delete(left, key)
			if row.State.Final() {
				report.States[row.State]++
			} else {
				report.Pending++
			}
			if row.Revision != r.Number {
				report.OtherRevision++
			}
		case own && n.superseded(row):
			report.Superseded++
		default:
			report.Unexpected++
		}
	}
	for key := range left {
		if filled[key] {
			report.Filled++
			delete(left, key)
		}
	}
	report.Unexplained = len(left)
	return report
}

// chance makes jobs, ledgers and damage.
type chance struct{ *rand.Rand }

func pick[T any](c chance, from []T) T { return from[c.IntN(len(from))] }

func (c chance) id() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(c.Uint32())
	}
	return id
}

func (c chance) revisions() (all []Revision) {
	schedules := [][]byte{every(2 * time.Second), every(3 * time.Second), every(7 * time.Second),
		spec(schedule.Spec{Cron: "*/5 * * * * *"}), spec(schedule.Spec{Cron: "H/10 * * * * *"})}
	for range 1 + c.IntN(3) {
		job, from := c.id(), noon.Add(time.Duration(c.IntN(40)-30)*time.Second)
		for number := range int64(1 + c.IntN(4)) {
			all = append(all, Revision{
				Job: job, Number: number + 1, From: from, Name: "x", Namespace: "default", Schedule: pick(c, schedules),
				Paused: c.IntN(4) == 0, Deleted: number > 0 && c.IntN(6) == 0,
			})
			from = from.Add(time.Duration(1+c.IntN(20_000_000)) * time.Microsecond)
		}
	}
	return all
}

// ledger is a whole one.
func (c chance) ledger(n *naive) (rows []Row) {
	for key, r := range n.expected {
		rows = append(rows, Row{
			ID: carillon.NewRunID(key.job, carillon.KindSchedule, key.at), Job: key.job, At: key.at, Revision: r.Number,
			State: pick(c, carillon.States()), StartedAt: key.at.Add(time.Millisecond),
		})
	}
	slices.SortFunc(rows, func(a, b Row) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return rows
}

// damage does one thing to a ledger, and says what.
func (c chance) damage(n *naive, rows []Row) (damaged []Row, what string) {
	if len(rows) == 0 {
		return append(rows, Row{ID: c.id(), Job: c.id(), At: noon, Revision: 1, State: carillon.StateFailed}), "a row of no job"
	}
	i := c.IntN(len(rows))
	row := rows[i]
	switch c.IntN(8) {
	case 0:
		return slices.Delete(rows, i, i+1), fmt.Sprint("removed ", row)
	case 1:
		row.ID = c.id()
		return append(rows, row), fmt.Sprint("doubled ", row)
	case 2:
		rows[i].ID = c.id()
	case 3:
		rows[i].At = row.At.Add(time.Duration(1+c.IntN(4)) * 500 * time.Millisecond)
	case 4:
		rows[i].Job = pick(c, []uuid.UUID{c.id(), pick(c, n.revisions).Job})
	case 5:
		rows[i].Revision = int64(c.IntN(6))
	case 7:
		rows[i].ID, rows[i].Backfill = c.id(), true
	case 6:
		early := pick(c, n.revisions)
		at := noon.Add(time.Duration(c.IntN(60)) * time.Second)
		id := carillon.NewRunID(early.Job, carillon.KindSchedule, at)
		if slices.ContainsFunc(rows, func(r Row) bool { return r.ID == id }) {
			return rows, "nothing"
		}
		return append(rows, Row{ID: id, Job: early.Job, At: at, Revision: early.Number, State: carillon.StateSucceeded}), "a row too many"
	}
	return rows, fmt.Sprint("altered ", row, " to ", rows[i])
}

// TestDamageIsToldExactly damages 10,000 ledgers.
func TestDamageIsToldExactly(t *testing.T) {
	t.Parallel()
	seen := Report{}
	for seed := range uint64(10_000) {
		c := chance{rand.New(rand.NewPCG(seed, 1))}
		w := Window{From: noon, To: noon.Add(time.Minute), Late: time.Second}
		n := newNaive(w, c.revisions())
		rows := c.ledger(n)
		var done []string
		for range c.IntN(5) {
			var what string
			rows, what = c.damage(n, rows)
			done = append(done, what)
		}
		got, want := compare(t, w, n.revisions, rows), n.audit(w, rows)
		seen.Filled += got.Filled
		if len(got.UnexplainedFires) != got.Unexplained || len(got.UnexpectedRows) != got.Unexpected {
			t.Fatalf("seed %d: the lists of %+v", seed, got)
		}
		checkFires(t, n, rows, got.UnexplainedFires)
		if len(done) == 0 && (got.Unexplained+got.Unexpected+got.Superseded+got.OtherRevision != 0) {
			t.Fatalf("seed %d: a whole ledger: %+v", seed, got)
		}
		got.UnexplainedFires, got.UnexpectedRows, got.Late = nil, nil, Lateness{}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s after %v", seed, diff, done)
		}
		seen.Unexplained += got.Unexplained
		seen.Unexpected += got.Unexpected
		seen.Superseded += got.Superseded
		seen.OtherRevision += got.OtherRevision
	}
	if min(seen.Unexplained, seen.Unexpected, seen.Superseded, seen.OtherRevision, seen.Filled) < 100 {
		t.Errorf("too little of it happened: %+v", seen)
	}
}

// checkFires holds that each fire of a list is expected and has no row.
func checkFires(t *testing.T, n *naive, rows []Row, listed []Fire) {
	t.Helper()
	for _, f := range listed {
		r, ok := n.expected[fireKey{f.JobID, f.FireTime}]
		id := carillon.NewRunID(f.JobID, carillon.KindSchedule, f.FireTime)
		if !ok || r.Number != f.Revision || slices.ContainsFunc(rows, func(r Row) bool { return r.ID == id && r.Job == f.JobID && r.At.Equal(f.FireTime) }) {
			t.Fatalf("%+v is not unexplained", f)
		}
	}
}
