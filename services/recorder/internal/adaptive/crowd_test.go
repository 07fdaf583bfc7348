package adaptive

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// idOf returns the n-th of many ids.
func idOf(n int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func compiled(t rapid.TB, spec schedule.Spec, id uuid.UUID) *schedule.Schedule {
	t.Helper()
	s, err := spec.Compile(id.String())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// town is many jobs: a herd without a spread, and movers that lie in its second.
type town struct {
	herd   int
	movers []Job
}

func newTown(herd, movers int, spread string) *town {
	zero := schedule.Duration(0)
	w := &town{herd: herd}
	for range movers {
		w.movers = append(w.movers, Job{Schedule: schedule.Spec{
			Cron: "0 * * * *", Spread: spread, Adapted: &schedule.Adapted{Offset: &zero},
		}})
	}
	return w
}

// pass counts all fires anew, moves who is to be moved, and returns how many it did.
func (w *town) pass(t rapid.TB) (moved int) {
	t.Helper()
	crowd := NewCrowd(dawn)
	for n := range w.herd {
		crowd.Add(compiled(t, schedule.Spec{Cron: "0 * * * *"}, idOf(n)))
	}
	for n, job := range w.movers {
		crowd.Add(compiled(t, job.Schedule, idOf(w.herd+n)))
	}
	for n := range w.movers {
		job := &w.movers[n]
		change, ok := crowd.Move(idOf(w.herd+n), *job, compiled(t, job.Schedule, idOf(w.herd+n)))
		if !ok {
			continue
		}
		moved++
		span, _ := job.Schedule.SpreadSpan()
		if offset := change.Adapted.Offset; change.Action != carillon.Moved || offset == nil || *offset < 0 || *offset >= span {
			t.Fatalf("%+v leaves its spread of %s", change, span)
		}
		job.Schedule.Adapted = change.Adapted
	}
	return moved
}

func TestJobsLeaveACrowdedSecondWithinTheirSpread(t *testing.T) {
	t.Parallel()
	w := newTown(300, 200, "1m")
	if moved := w.pass(t); moved < 150 {
		t.Errorf("%d of 200 moved", moved)
	}
	counts := map[schedule.Duration]int{}
	for _, job := range w.movers {
		counts[*job.Schedule.Adapted.Offset]++
	}
	delete(counts, 0)
	if len(counts) < 50 || slices.Max(values(counts)) > 6 {
		t.Errorf("they went to %v", counts)
	}
	if again := w.pass(t); again != 0 {
		t.Errorf("%d move again", again)
	}
}

func values(counts map[schedule.Duration]int) (all []int) {
	for _, n := range counts {
		all = append(all, n)
	}
	return all
}

func TestNobodyMovesWithoutNeed(t *testing.T) {
	t.Parallel()
	w := newTown(50, 40, "1m")
	if moved := w.pass(t); moved != 0 {
		t.Errorf("%d of 40 moved from a second with 90 fires", moved)
	}
	w = newTown(300, 1, "1m")
	w.movers[0].History = []carillon.Adaptation{carillon.Moved}
	if w.pass(t) != 0 {
		t.Error("a job moved twice in a day")
	}
	w = newTown(300, 1, "50%")
	w.movers[0].Schedule.Adapted = nil
	if w.pass(t) != 0 {
		t.Error("a job moved within a percentage")
	}
}

// Moving comes to an end, and is the same wherever it is worked out.
func TestMovingEndsAndIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		herd, movers := rapid.IntRange(0, 300).Draw(t, "herd"), rapid.IntRange(1, 300).Draw(t, "movers")
		spread := rapid.SampledFrom([]string{"1s", "2s", "7s", "1m", "1h", "3h"}).Draw(t, "spread")
		one, other := newTown(herd, movers, spread), newTown(herd, movers, spread)
		for passes := 0; one.pass(t) > 0; passes++ {
			if passes == 10 {
				t.Fatal("they move on and on")
			}
			other.pass(t)
			for i := range one.movers {
				if *one.movers[i].Schedule.Adapted.Offset != *other.movers[i].Schedule.Adapted.Offset {
					t.Fatalf("job %d moved differently", i)
				}
			}
		}
	})
}

// A job of many fires in the hour is judged by the fullest of their seconds.
func TestEveryFireOfTheHourCounts(t *testing.T) {
	t.Parallel()
	crowd := NewCrowd(dawn)
	for n := range 300 {
		crowd.Add(compiled(t, schedule.Spec{Cron: "20 * * * *"}, idOf(n)))
	}
	zero := schedule.Duration(0)
	job := Job{Schedule: schedule.Spec{Every: 10 * minute, Spread: "30s", Adapted: &schedule.Adapted{Offset: &zero}}}
	s := compiled(t, job.Schedule, idOf(1000))
	crowd.Add(s)
	often := job
	often.History = make([]carillon.Adaptation, maxChanges)
	if change, ok := crowd.Move(idOf(1000), often, s); ok {
		t.Errorf("changed once too often: %+v", change)
	}
	change, ok := crowd.Move(idOf(1000), job, s)
	if !ok || *change.Adapted.Offset == 0 {
		t.Fatalf("%+v", change)
	}
	if want := dawn.Add(time.Hour); !crowd.from.Equal(want) {
		t.Errorf("counts from %s, want %s", crowd.from, want)
	}
}
