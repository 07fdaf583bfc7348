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
func compare(t *testing.T, w Window, pauses []Pause, revisions []Revision, rows []Row) Report {
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
	report, err := Compare(w, pauses, sourceOf(copies), sourceOf(rows))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

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

// audit returns the numbers of a report, without lists and lateness.
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
				report.Stale++
			} else if row.Revision != r.Number {
				report.OtherRevision++
			}
		case own && overruled && n.called(row) && stale:
			report.Stale++
		case own && overruled && n.called(row):
			report.Superseded++
		default:
			report.Unexpected++
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
		job, from, namespace := c.id(), noon.Add(time.Duration(c.IntN(40)-30)*time.Second), pick(c, []string{"a", "b"})
		for number := range int64(1 + c.IntN(4)) {
			all = append(all, Revision{
				Job: job, Number: number + 1, From: from, Name: "x", Namespace: namespace, Schedule: pick(c, schedules),
				Paused: c.IntN(4) == 0, Deleted: number > 0 && c.IntN(6) == 0,
			})
			from = from.Add(time.Duration(1+c.IntN(20_000_000)) * time.Microsecond)
		}
	}
	return all
}

func (c chance) pauses() (all []Pause) {
	for _, namespace := range []string{"", "a", "b", "c"} {
		from := noon.Add(time.Duration(c.IntN(80)-20) * time.Second)
		for revision := range int64(c.IntN(4)) {
			all = append(all, Pause{namespace, revision + 1, c.IntN(4) > 0, from})
			from = from.Add(time.Duration(1+c.IntN(20_000_000)) * time.Microsecond)
		}
	}
	c.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// ledger is a whole one.
func (c chance) ledger(n *naive) (rows []Row) {
	for key, r := range n.expected {
		rows = append(rows, Row{
			ID: carillon.NewRunID(key.job, carillon.KindSchedule, key.at), Job: key.job, At: key.at, Revision: r.Number,
			State: pick(c, carillon.States()), PlannedAt: key.at, StartedAt: key.at.Add(time.Millisecond),
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
	switch c.IntN(9) {
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
	case 8:
		rows[i].ID, rows[i].Backfill = c.id(), true
		if c.IntN(3) == 0 {
			rows[i].StartedAt = time.Time{} // cancelled in its queue
		}
	case 6:
		early := pick(c, n.revisions)
		at := noon.Add(time.Duration(c.IntN(60)) * time.Second)
		id := carillon.NewRunID(early.Job, carillon.KindSchedule, at)
		if slices.ContainsFunc(rows, func(r Row) bool { return r.ID == id }) {
			return rows, "nothing"
		}
		return append(rows, Row{ID: id, Job: early.Job, At: at, Revision: early.Number, PlannedAt: at, State: carillon.StateSucceeded}), "a row too many"
	case 7:
		rows[i].PlannedAt = row.At.Add(time.Duration(c.IntN(100)) * time.Second)
		rows[i].Revision = 1
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
		n := newNaive(w, c.pauses(), c.revisions())
		rows := c.ledger(n)
		var done []string
		for range c.IntN(5) {
			var what string
			rows, what = c.damage(n, rows)
			done = append(done, what)
		}
		got, want := compare(t, w, n.pauses, n.revisions, rows), n.audit(w, rows)
		seen.Filled += got.Filled
		if len(got.UnexplainedFires) != got.Unexplained || len(got.UnexpectedRows) != got.Unexpected || len(got.StaleRows) != got.Stale {
			t.Fatalf("seed %d: the lists of %+v", seed, got)
		}
		checkFires(t, n, rows, got.UnexplainedFires)
		if len(done) == 0 && (got.Unexplained+got.Unexpected+got.Superseded+got.OtherRevision+got.Stale != 0) {
			t.Fatalf("seed %d: a whole ledger: %+v", seed, got)
		}
		got.UnexplainedFires, got.UnexpectedRows, got.StaleRows, got.Late = nil, nil, nil, Lateness{}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s after %v", seed, diff, done)
		}
		seen.Unexplained += got.Unexplained
		seen.Unexpected += got.Unexpected
		seen.Superseded += got.Superseded
		seen.OtherRevision += got.OtherRevision
		seen.Stale += got.Stale
	}
	if min(seen.Unexplained, seen.Unexpected, seen.Superseded, seen.OtherRevision, seen.Stale, seen.Filled) < 100 {
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
