package agenda

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

// every is a revision that fires every so many seconds from an instant on.
func every(t *testing.T, id uuid.UUID, number int64, seconds int, from time.Time) *Revision {
	t.Helper()
	doc := carillon.Document{Name: "j", Schedule: schedule.Spec{Every: schedule.Duration(seconds) * schedule.Duration(time.Second)}}
	r, err := NewRevision(&wire.Brief{Definition: wire.Definition{Job: carillon.Job{ID: id, Revision: number, EffectiveFrom: from, Document: doc.WithDefaults()}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gone(id uuid.UUID, number int64, from time.Time) *Revision {
	return &Revision{Number: number, From: from, Terms: &Terms{}, deleted: true}
}

// until takes every fire up to an instant off the agenda.
func until(a *Agenda, end time.Time) []Fire {
	var fires []Fire
	for {
		fire, ok := a.Next()
		if !ok || fire.At.After(end) {
			return fires
		}
		a.Advance()
		fires = append(fires, fire)
	}
}

func times(fires []Fire) []time.Time {
	var all []time.Time
	for _, f := range fires {
		all = append(all, f.At)
	}
	return all
}

func ownAll(a *Agenda, mark wire.Mark) {
	for p := range carillon.Partitions {
		a.Own(p, mark)
	}
}

func TestARevisionHoldsUntilTheNextOne(t *testing.T) {
	t.Parallel()
	a, id := New(), carillon.NewJobID()
	ownAll(a, wire.Mark{})
	a.Apply(id, every(t, id, 1, 10, at(0)), 1)
	a.Apply(id, every(t, id, 2, 5, at(20)), 2)
	a.Apply(id, gone(id, 3, at(31)), 3)
	want := []time.Time{at(0), at(10), at(20), at(25), at(30)}
	if got := times(until(a, at(100))); !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("fires %v, want %v", got, want)
	}
	other := carillon.NewJobID()
	if a.Apply(other, every(t, other, 1, 10, at(40).Add(memory)), 4); a.partitions[carillon.PartitionOf(id)].jobs[id] != nil {
		t.Errorf("a job that was deleted long ago is still known")
	}
	if graves := a.Buried(); len(graves) != 1 || graves[0].Last.ID != id || graves[0].Last.Revision != 3 || graves[0].Sequence != 3 {
		t.Errorf("buried %+v", graves)
	}
}

// TestAStandbyPlansAnEditedJobFromTheMark holds a standby, which has seen all
// revisions of a job, to what the mark says of the first one.
func TestAStandbyPlansAnEditedJobFromTheMark(t *testing.T) {
	t.Parallel()
	a, id := New(), carillon.NewJobID()
	a.Apply(id, every(t, id, 1, 10, at(0)), 1)
	a.Apply(id, every(t, id, 2, 10, at(1005)), 7)
	a.Own(carillon.PartitionOf(id), wire.Mark{Reach: wire.Reach{At: at(1000), Job: uuid.Max, Seen: 5}})
	if fire, _ := a.Next(); !fire.At.Equal(at(1010)) {
		t.Errorf("first fire %v, want %v", fire.At, at(1010))
	}
}

func TestAnOlderRevisionIsIgnored(t *testing.T) {
	t.Parallel()
	a, id := New(), carillon.NewJobID()
	ownAll(a, wire.Mark{})
	a.Apply(id, every(t, id, 2, 10, at(0)), 5)
	a.Apply(id, every(t, id, 1, 1, at(0)), 6)
	if got := len(until(a, at(30))); got != 4 {
		t.Errorf("%d fires, want the 4 of revision 2", got)
	}
}

func TestEqualFireTimesComeInJobOrder(t *testing.T) {
	t.Parallel()
	a := New()
	ownAll(a, wire.Mark{})
	for i := range 100 {
		id := uuid.New()
		a.Apply(id, every(t, id, 1, 10, at(0)), uint64(i+1))
	}
	fires := until(a, at(0))
	if len(fires) != 100 {
		t.Fatalf("%d fires, want 100", len(fires))
	}
	if !slices.IsSortedFunc(fires, func(x, y Fire) int { return bytes.Compare(x.Job[:], y.Job[:]) }) {
		t.Error("fires of one instant are not in the order of job ids, which the marks rely on")
	}
}

func TestOwningStartsWhereTheMarkEnds(t *testing.T) {
	t.Parallel()
	low, high := uuid.UUID{1}, uuid.UUID{0xff}
	mark := wire.Mark{Reach: wire.Reach{At: at(20), Job: uuid.UUID{0x80}, Seen: 2}}
	for name, c := range map[string]struct {
		id       uuid.UUID
		sequence uint64
		mark     func(*wire.Mark)
		first    time.Time
	}{
		"covered by the mark":             {low, 1, nil, at(30)},
		"after the mark's job":            {high, 1, nil, at(20)},
		"news that the mark has not seen": {low, 3, nil, at(0)},
		"planned once, before the mark went back": {low, 1, func(m *wire.Mark) {
			m.Past = []wire.Reach{{At: at(30), Job: uuid.Max, Seen: 1}}
		}, at(40)},
		"news to what was planned once": {low, 2, func(m *wire.Mark) {
			m.Past = []wire.Reach{{At: at(30), Job: uuid.Max, Seen: 1}}
		}, at(30)},
		"news behind the floor": {low, 3, func(m *wire.Mark) { m.Floor = at(5) }, at(10)},
	} {
		t.Run(name, func(t *testing.T) {
			a, m := New(), mark
			if c.mark != nil {
				c.mark(&m)
			}
			a.Apply(c.id, every(t, c.id, 1, 10, at(0)), c.sequence)
			a.Own(carillon.PartitionOf(c.id), m)
			if fire, ok := a.Next(); !ok || !fire.At.Equal(c.first) {
				t.Errorf("first fire %v, want %v", fire.At, c.first)
			}
		})
	}
}

func TestLateNewsTakesTheMarkBack(t *testing.T) {
	t.Parallel()
	a, id := New(), carillon.NewJobID()
	p := carillon.PartitionOf(id)
	reach := wire.Reach{At: at(25), Job: uuid.Max, Seen: 5}
	a.Own(p, wire.Mark{Reach: reach})
	a.Apply(id, every(t, id, 1, 10, at(0)), 9)
	first, _ := a.Next()
	a.Advance()
	back := a.Stamp(p, wire.Mark{Reach: reach}, &first)
	if !back.At.Equal(at(0)) || back.Seen != 9 || len(back.Past) != 1 || back.Past[0] != reach {
		t.Errorf("mark %+v, want it at the late fire, and where it was before in its past", back)
	}
	back.Batch = 1
	a.Stored(p, back)
	fires := until(a, at(25))
	on := a.Stamp(p, back, &fires[len(fires)-1])
	if !on.At.Equal(at(20)) || len(on.Past) != 1 {
		t.Errorf("mark %+v, want it to go on", on)
	}
	far := Fire{At: at(25).Add(retention + time.Second), Job: id}
	if later := a.Stamp(p, on, &far); len(later.Past) != 0 || !later.Floor.After(reach.At) {
		t.Errorf("mark %+v, want the past forgotten, and the floor above it", later)
	}
}

func TestDisownedJobsDoNotFire(t *testing.T) {
	t.Parallel()
	a, id := New(), carillon.NewJobID()
	ownAll(a, wire.Mark{})
	a.Apply(id, every(t, id, 1, 10, at(0)), 1)
	a.Disown(carillon.PartitionOf(id))
	if fire, ok := a.Next(); ok {
		t.Errorf("fire %v of a partition that was given up", fire)
	}
}

// TestAgainstAListOfAllFires takes random jobs and edits, takeovers from random
// marks in between, and compares with the plain list of all fires.
func TestAgainstAListOfAllFires(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		a := New()
		ownAll(a, wire.Mark{})
		want := map[uuid.UUID][]time.Time{}
		for n := range 1 + random.IntN(5) {
			id := uuid.New()
			first, second := 1+random.IntN(9), 1+random.IntN(9)
			edit := 1 + random.IntN(60)
			a.Apply(id, every(t, id, 1, first, at(0)), uint64(2*n+1))
			a.Apply(id, every(t, id, 2, second, at(edit)), uint64(2*n+2))
			for s := range 100 {
				if period := int(at(s).Unix()); s < edit && period%first == 0 || s >= edit && period%second == 0 {
					want[id] = append(want[id], at(s))
				}
			}
		}
		got := map[uuid.UUID][]time.Time{}
		for stop := 0; stop < 99; {
			stop = min(99, stop+1+random.IntN(40))
			for _, fire := range until(a, at(stop)) {
				got[fire.Job] = append(got[fire.Job], fire.At)
			}
			p := random.IntN(carillon.Partitions)
			mark := a.Stamp(p, wire.Mark{Reach: wire.Reach{At: at(stop), Job: uuid.Max}}, nil)
			a.Disown(p)
			a.Own(p, mark)
		}
		for id := range want {
			if !slices.EqualFunc(got[id], want[id], time.Time.Equal) {
				t.Fatalf("seed %d: fires %v, want %v", seed, got[id], want[id])
			}
		}
	}
}
