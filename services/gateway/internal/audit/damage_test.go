package audit

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
)

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
	switch c.IntN(8) {
	case 0:
		return slices.Delete(rows, i, i+1), fmt.Sprint("removed ", row)
	case 1:
		return slices.DeleteFunc(rows, func(r Row) bool { return r.Job == row.Job }), fmt.Sprint("removed all of ", row.Job)
	case 2:
		row.ID = c.id()
		return append(rows, row), fmt.Sprint("doubled ", row)
	case 3: // the key of a row is its fire time and its id
		row.At = row.At.Add(time.Duration(1+c.IntN(4)) * 500 * time.Millisecond)
		if slices.ContainsFunc(rows, func(r Row) bool { return r.ID == row.ID && r.At.Equal(row.At) }) {
			return rows, "nothing"
		}
		return append(rows, row), fmt.Sprint("repeated ", row)
	case 4:
		other := &rows[c.IntN(len(rows))]
		rows[i].At, other.At = other.At, rows[i].At
		return rows, fmt.Sprint("swapped the fire times of ", row, " and ", *other)
	case 5:
		early := pick(c, n.revisions)
		at := noon.Add(time.Duration(c.IntN(60)) * time.Second)
		id := carillon.NewRunID(early.Job, carillon.KindSchedule, at)
		if slices.ContainsFunc(rows, func(r Row) bool { return r.ID == id }) {
			return rows, "nothing"
		}
		return append(rows, Row{ID: id, Job: early.Job, At: at, Revision: early.Number, PlannedAt: at, State: carillon.StateSucceeded}), "a row too many"
	}
	c.alter(n, &rows[i])
	return rows, fmt.Sprint("altered ", row, " to ", rows[i])
}

// alter changes one thing about a row.
func (c chance) alter(n *naive, row *Row) {
	switch c.IntN(8) {
	case 0:
		row.ID = c.id()
	case 1:
		row.At = row.At.Add(time.Duration(1+c.IntN(4)) * 500 * time.Millisecond)
	case 2:
		row.Job = pick(c, []uuid.UUID{c.id(), pick(c, n.revisions).Job})
	case 3:
		row.Revision = int64(c.IntN(6))
	case 4:
		row.State = pick(c, carillon.States())
	case 5:
		row.PlannedAt = row.At.Add(time.Duration(c.IntN(100)) * time.Second)
		row.Revision = 1
	case 6:
		row.ID, row.Backfill = c.id(), true
		if c.IntN(3) == 0 {
			row.StartedAt = time.Time{} // cancelled in its queue
		}
	case 7:
		row.Backfill = true
	}
}

var full = flag.Bool("full", false, "damage 10,000 ledgers")

// TestDamageIsToldExactly damages thousands of ledgers.
func TestDamageIsToldExactly(t *testing.T) {
	t.Parallel()
	seen, ledgers := Report{}, uint64(3_000)
	if *full {
		ledgers = 10_000
	}
	for seed := range ledgers {
		c := chance{rand.New(rand.NewPCG(seed, 1))}
		w := Window{From: noon, To: noon.Add(time.Minute), Most: 1000}
		n := newNaive(w, c.pauses(), c.revisions())
		rows := c.ledger(n)
		var done []string
		for range c.IntN(5) {
			var what string
			rows, what = c.damage(n, rows)
			done = append(done, what)
		}
		got, want := ordered(compare(t, w, n.pauses, n.revisions, rows)), n.audit(w, rows)
		if len(done) == 0 && (got.Unexplained+got.Unexpected+got.Superseded+got.OtherRevision+got.Stale != 0) {
			t.Fatalf("seed %d: a whole ledger: %+v", seed, got)
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: %s after %v", seed, diff, done)
		}
		seen.Filled += got.Filled
		seen.Unexplained += got.Unexplained
		seen.Unexpected += got.Unexpected
		seen.Superseded += got.Superseded
		seen.OtherRevision += got.OtherRevision
		seen.Stale += got.Stale
	}
	if min(seen.Unexplained, seen.Unexpected, seen.Superseded, seen.OtherRevision, seen.Stale, seen.Filled) < 30 {
		t.Errorf("too little of it happened: %+v", seen)
	}
}
