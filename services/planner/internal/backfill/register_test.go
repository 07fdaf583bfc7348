package backfill

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// office is one backfill of a yearly job, its partition's mark, and who hands out.
type office struct {
	*testing.T
	job      uuid.UUID
	list     wire.Backfill
	agenda   *agenda.Agenda
	register *Register
	marks    map[int]wire.Mark
}

func newOffice(t *testing.T, overlap carillon.Overlap, fires, rate int) *office {
	o := &office{T: t, job: carillon.NewJobID(), agenda: agenda.New(), register: New(), marks: map[int]wire.Mark{}}
	o.revise(1, func(d *carillon.Document) { d.Overlap = overlap })
	o.list = wire.Backfill{ID: uuid.New(), JobID: o.job, Rate: rate}
	for i := range fires {
		o.list.Fires = append(o.list.Fires, noon.Add(time.Duration(i-fires)*time.Hour))
	}
	o.register.Apply(o.list)
	o.marks[carillon.PartitionOf(o.job)] = wire.Mark{}
	return o
}

func (o *office) revise(number int64, change func(*carillon.Document)) {
	doc := carillon.Document{Name: "j", Schedule: schedule.Spec{Cron: "0 0 1 1 *"}}
	change(&doc)
	def := wire.Definition{Job: carillon.Job{ID: o.job, Revision: number, EffectiveFrom: noon, Document: doc.WithDefaults()}}
	r, err := agenda.NewRevision(&wire.Brief{Definition: def})
	if err != nil {
		o.Fatal(err)
	}
	o.agenda.Apply(o.job, r, uint64(number))
}

// pick hands out what may be, unless the job is busy, and returns how much.
func (o *office) pick(now time.Time, busy bool) int {
	o.Helper()
	p := carillon.PartitionOf(o.job)
	gaps, _ := o.register.Pick(o.agenda, now, o.marks)
	batch := plan.Fill(o.agenda, o.marks, gaps)
	if busy {
		batch.Resolve(o.job)
	}
	if batch.Empty() || batch.Idle() {
		return 0
	}
	o.register.HandedOut(batch, now)
	o.marks[p] = batch.Marks[p]
	return len(batch.Decisions)
}

func (o *office) done() int { return o.marks[carillon.PartitionOf(o.job)].Backfills[o.list.ID].Done }

func TestFiresAreHandedOutInOrderAtTheRate(t *testing.T) {
	t.Parallel()
	for overlap, rate := range map[carillon.Overlap]int{carillon.OverlapAllow: 10, carillon.OverlapSkip: 4} {
		o, now := newOffice(t, overlap, 20, rate), noon
		for handed := 0; handed < 20; now = now.Add(10 * time.Millisecond) {
			handed += o.pick(now, false)
			if handed != o.done() {
				t.Fatalf("%s: %d handed out, the mark says %d", overlap, handed, o.done())
			}
			if most := 1 + int(now.Sub(noon)*time.Duration(rate)/time.Second); handed > most {
				t.Fatalf("%s: %d handed out after %s", overlap, handed, now.Sub(noon))
			}
		}
		if took, least := now.Sub(noon), 19*time.Second/time.Duration(rate); took > least+time.Second {
			t.Errorf("%s: took %s, the rate allows %s", overlap, took, least)
		}
	}
}

func TestABusyOrPausedJobWaits(t *testing.T) {
	t.Parallel()
	o := newOffice(t, carillon.OverlapSkip, 3, 100)
	if n := o.pick(noon, true); n != 0 || o.done() != 0 {
		t.Errorf("%d handed out while a run was in flight", n)
	}
	if n := o.pick(noon.Add(lookAgain), false); n != 1 {
		t.Errorf("%d handed out after it", n)
	}
	later := noon.Add(time.Minute)
	o.agenda.Pause(wire.Pause{Revision: 1, Paused: true, EffectiveFrom: noon}, 9)
	if n := o.pick(later, false); n != 0 {
		t.Errorf("%d handed out while everything was paused", n)
	}
	o.agenda.Pause(wire.Pause{Revision: 2, EffectiveFrom: later}, 10)
	o.revise(2, func(d *carillon.Document) { d.Paused = true })
	if n := o.pick(later.Add(time.Minute), false); n != 0 {
		t.Errorf("%d handed out while the job was paused", n)
	}
	o.revise(3, func(*carillon.Document) {})
	if n := o.pick(later.Add(2*time.Minute), false); n != 1 || o.done() != 2 {
		t.Errorf("%d handed out at last, the mark says %d", n, o.done())
	}
}

func TestABackfillEndsWhenAllIsHandedOutOrItsJobIsGone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, carillon.OverlapAllow, 2, 1000)
	o.pick(noon, false)
	o.pick(noon.Add(time.Second), false)
	_, over := o.register.Pick(o.agenda, noon.Add(2*time.Second), o.marks)
	if len(over) != 1 || over[0].ID != o.list.ID || o.done() != 2 {
		t.Fatalf("over: %v, the mark says %d", over, o.done())
	}
	if _, again := o.register.Pick(o.agenda, noon.Add(3*time.Second), o.marks); len(again) != 0 {
		t.Errorf("told again at once")
	}
	p := carillon.PartitionOf(o.job)
	if kept := o.register.Clean(p, o.marks[p]); kept.Backfills[o.list.ID].Done != 2 {
		t.Errorf("the mark forgets a backfill that has not ended: %v", kept.Backfills)
	}
	o.register.Apply(wire.Backfill{ID: o.list.ID, JobID: o.job, Ended: true})
	o.register.Apply(o.list) // the relay's second try
	o.marks[p] = o.register.Clean(p, o.marks[p])
	if n := o.pick(noon.Add(time.Minute), false); n != 0 || len(o.marks[p].Backfills) != 0 {
		t.Errorf("%d handed out after the end, the mark holds %v", n, o.marks[p].Backfills)
	}
	gone := newOffice(t, carillon.OverlapAllow, 2, 1000)
	gone.job = carillon.NewJobID()
	gone.register.Apply(wire.Backfill{ID: uuid.New(), JobID: gone.job, Fires: gone.list.Fires, Rate: 1})
	gone.marks = map[int]wire.Mark{carillon.PartitionOf(gone.job): {}}
	if gaps, over := gone.register.Pick(gone.agenda, noon, gone.marks); len(over) != 1 || gaps != nil && gaps[0].Job == gone.job {
		t.Errorf("of a job that is gone: %v, %v", gaps, over)
	}
}

func TestTheRateHoldsAfterAHoldUpAndAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, carillon.OverlapAllow, 200, 10)
	o.pick(noon, false)
	start, handed := noon.Add(10*time.Second), 0
	for now := start; now.Before(start.Add(time.Second)); now = now.Add(10 * time.Millisecond) {
		handed += o.pick(now, false)
	}
	if handed < 10 || handed > 11 {
		t.Errorf("%d handed out within a second at rate 10, after a hold-up", handed)
	}
	back := noon.Add(-time.Hour)
	handed = 0
	for range 100 { // the loop turns again at once after each batch
		handed += o.pick(back, false)
	}
	if handed != 1 {
		t.Errorf("%d handed out at one instant, after the clock was set back", handed)
	}
}

// TestALiveBatchKeepsWhatHasBeenHandedOut has a job of the same partition fire.
func TestALiveBatchKeepsWhatHasBeenHandedOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t, carillon.OverlapSkip, 3, 10)
	p := carillon.PartitionOf(o.job)
	o.agenda.Own(p, o.marks[p])
	o.pick(noon.Add(-time.Second), false)
	o.revise(2, func(d *carillon.Document) { d.Schedule = schedule.Spec{Every: schedule.Duration(time.Second)} })
	batch := plan.Collect(o.agenda, noon, o.marks, nil)
	if len(batch.Decisions) != 1 || batch.Marks[p].Backfills[o.list.ID].Done != 1 {
		t.Errorf("%d decisions, and the mark says %v", len(batch.Decisions), batch.Marks[p].Backfills)
	}
}
