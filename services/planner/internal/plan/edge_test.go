package plan

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// edge is one job and its partition's mark, taken to the edges of what planners
// know.
type edge struct {
	*testing.T
	id     uuid.UUID
	agenda *agenda.Agenda
	marks  map[int]wire.Mark
}

func newEdge(t *testing.T) *edge {
	id := carillon.NewJobID()
	e := &edge{T: t, id: id, agenda: agenda.New(), marks: map[int]wire.Mark{carillon.PartitionOf(id): {}}}
	e.own()
	return e
}

func (e *edge) mark() wire.Mark { return e.marks[carillon.PartitionOf(e.id)] }

func (e *edge) own() { e.agenda.Own(carillon.PartitionOf(e.id), e.mark()) }

// apply makes a revision whose number is its sequence in JOBS.
func (e *edge) apply(number int64, from time.Time, change func(*carillon.Document)) {
	e.Helper()
	doc := carillon.Document{Name: "j", Overlap: carillon.OverlapAllow, Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}}
	change(&doc)
	def := wire.Definition{Job: carillon.Job{ID: e.id, Revision: number, EffectiveFrom: from, Document: doc.WithDefaults()}}
	revision, err := agenda.NewRevision(&wire.Brief{Definition: def})
	if err != nil {
		e.Fatal(err)
	}
	e.agenda.Apply(e.id, revision, uint64(number))
}

// plan plans one batch while a run is in flight or not, and keeps its mark.
func (e *edge) plan(now time.Time, inFlight bool) *Batch {
	var free []uuid.UUID
	if !inFlight && len(e.mark().Held[e.id]) > 0 {
		free = []uuid.UUID{e.id}
	}
	batch := Collect(e.agenda, now, e.marks, free)
	if inFlight {
		batch.Resolve(e.id)
	}
	e.keep(batch)
	return batch
}

// keep takes a batch for stored.
func (e *edge) keep(batch *Batch) {
	for p, mark := range batch.Marks {
		mark.Batch++
		e.marks[p] = mark
		e.agenda.Stored(p, mark)
	}
}

// A planner can own a partition before it has read all that its mark had seen.
// What it reads then is not news: the planner before it knew.
func TestWhatTheMarkHadSeenIsNoNews(t *testing.T) {
	t.Parallel()
	e, planned := newEdge(t), map[time.Time]int{}
	note := func(b *Batch) {
		for _, d := range b.Decisions {
			planned[d.At]++
		}
	}
	slow := func(d *carillon.Document) { d.Schedule.Every = schedule.Duration(10 * time.Second) }
	fast := func(*carillon.Document) {}
	e.apply(1, noon, slow)
	e.apply(2, noon.Add(10*time.Second), fast)
	note(e.plan(noon.Add(20*time.Second), false))

	e.agenda = agenda.New() // of another planner, which knows revision 1 only
	e.apply(1, noon, slow)
	e.own()
	e.apply(2, noon.Add(10*time.Second), fast)
	note(e.plan(noon.Add(22*time.Second), false))
	for at, n := range planned {
		if n != 1 {
			t.Errorf("the fire of %s was planned %d times", at, n)
		}
	}
	if len(planned) != 1+13 { // noon, and each second from 12:00:10 to 12:00:22
		t.Errorf("%d fires were planned, want 14", len(planned))
	}
}

// A fire can wait for so long that its revision is forgotten, and the job paused
// by then.
func TestAFireThatWaitsOutlivesItsRevision(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	queue := func(d *carillon.Document) { d.Overlap = carillon.OverlapQueue }
	e.apply(1, noon, queue)
	e.plan(noon, true)
	for n := range int64(17) {
		at := noon.Add(time.Duration(n+1) * time.Second)
		e.apply(n+2, at, func(d *carillon.Document) { queue(d); d.Paused = n%2 == 0 })
		e.plan(at.Add(time.Millisecond), true)
	}
	batch := e.plan(noon.Add(17*time.Second+2*time.Millisecond), false)
	if len(batch.Decisions) == 0 {
		t.Fatal("nothing became of the fire that waited")
	}
	for _, d := range batch.Decisions {
		if d.Runs() && !d.Revision.Active() || !d.Runs() && d.Reason == "" {
			t.Errorf("%s: %s, active: %t, %q", d.At, d.State, d.Revision.Active(), d.Reason)
		}
	}
}

// Fires that wait by one policy may be more than a batch holds when another one
// wants to replace them all.
func TestABatchIsNotOverrunByWhatItReplaces(t *testing.T) {
	t.Parallel()
	e, now := newEdge(t), noon.Add(30*time.Minute)
	e.apply(1, noon, func(d *carillon.Document) {
		d.Overlap = carillon.OverlapSkip
		d.CatchUp = carillon.CatchUp{Policy: carillon.CatchUpAll, Window: carillon.Duration(24 * time.Hour), Max: 10_000}
	})
	for !e.plan(now, true).Empty() {
	}
	if n := len(e.mark().Held[e.id]); n < 1000 {
		t.Fatalf("%d fires wait, too few to matter", n)
	}
	e.apply(2, now.Add(time.Second), func(d *carillon.Document) { d.Overlap = carillon.OverlapReplace })
	batch := e.plan(now.Add(2*time.Second), true)
	if n := len(batch.Decisions) + len(batch.Marks); n == 0 || n > 1000 {
		t.Errorf("a batch of %d messages", n)
	}
	if d := batch.Decisions[0]; d.Runs() || d.Reason == "" {
		t.Errorf("the fire that would replace them: %s %q", d.State, d.Reason)
	}
}
