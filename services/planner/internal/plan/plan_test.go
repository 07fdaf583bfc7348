package plan

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func revision(t *testing.T, id uuid.UUID, change func(*carillon.Document)) *agenda.Revision {
	t.Helper()
	doc := carillon.Document{Name: "j", Schedule: schedule.Spec{Every: schedule.Duration(time.Minute)}}
	if change != nil {
		change(&doc)
	}
	def := wire.Definition{Job: carillon.Job{ID: id, Revision: 1, EffectiveFrom: noon, Document: doc.WithDefaults()}}
	brief, err := wire.Decode[wire.Brief](wire.Encode(def))
	if err != nil {
		t.Fatal(err)
	}
	r, err := agenda.NewRevision(&brief)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ownedAgenda() (*agenda.Agenda, map[int]wire.Mark) {
	a, marks := agenda.New(), map[int]wire.Mark{}
	for p := range carillon.Partitions {
		a.Own(p, wire.Mark{})
		marks[p] = wire.Mark{}
	}
	return a, marks
}

func TestDecide(t *testing.T) {
	t.Parallel()
	policy := func(p carillon.CatchUpPolicy) carillon.CatchUp {
		return carillon.CatchUp{Policy: p, Window: carillon.Duration(time.Hour), Max: 5000}
	}
	for name, c := range map[string]struct {
		catchUp    carillon.CatchUp
		late       time.Duration
		superseded bool
		want       carillon.State
	}{
		"on time":                        {policy(carillon.CatchUpSkip), 0, false, carillon.StateQueued},
		"late by a takeover":             {policy(carillon.CatchUpSkip), 3 * time.Second, true, carillon.StateQueued},
		"skip":                           {policy(carillon.CatchUpSkip), time.Minute, false, carillon.StateMissed},
		"latest, and it is":              {policy(carillon.CatchUpLatest), time.Minute, false, carillon.StateQueued},
		"latest, and it is not":          {policy(carillon.CatchUpLatest), time.Minute, true, carillon.StateMissed},
		"all":                            {policy(carillon.CatchUpAll), time.Minute, true, carillon.StateQueued},
		"all, and just enough":           {carillon.CatchUp{Policy: carillon.CatchUpAll, Window: carillon.Duration(time.Hour), Max: 61}, time.Minute, true, carillon.StateQueued},
		"all, and one too many":          {carillon.CatchUp{Policy: carillon.CatchUpAll, Window: carillon.Duration(time.Hour), Max: 60}, time.Minute, true, carillon.StateMissed},
		"all, at the window's end":       {policy(carillon.CatchUpAll), time.Hour, true, carillon.StateQueued},
		"all, beyond the window":         {policy(carillon.CatchUpAll), time.Hour + 1, true, carillon.StateMissed},
		"latest, beyond the window":      {policy(carillon.CatchUpLatest), 2 * time.Hour, false, carillon.StateMissed},
		"latest, window of nothing":      {carillon.CatchUp{Policy: carillon.CatchUpLatest, Window: 1}, Grace + 1, false, carillon.StateMissed},
		"skip says so before the window": {policy(carillon.CatchUpSkip), 2 * time.Hour, false, carillon.StateMissed},
	} {
		t.Run(name, func(t *testing.T) {
			a, id := agenda.New(), carillon.NewJobID()
			a.Apply(id, revision(t, id, func(d *carillon.Document) {
				d.CatchUp = c.catchUp
				if d.Schedule.Every = schedule.Duration(time.Second); !c.superseded {
					d.Schedule = schedule.Spec{At: &noon}
				}
			}), 1)
			d := newCatchUp(a, noon.Add(c.late)).decide(agenda.Fire{At: noon, Job: id, Revision: a.Revision(id, 1)}, wire.Mark{})
			if d.State != c.want {
				t.Errorf("%s, want %s", d.State, c.want)
			}
			if (d.State == carillon.StateQueued) != (d.Reason == "") {
				t.Errorf("state %s with reason %q", d.State, d.Reason)
			}
		})
	}
}

func TestCatchUpAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	now := noon.Add(4*time.Minute + 20*time.Second) // five fires are due
	for policy, want := range map[carillon.CatchUpPolicy]int{carillon.CatchUpSkip: 0, carillon.CatchUpLatest: 1, carillon.CatchUpAll: 5} {
		a, marks := ownedAgenda()
		id := carillon.NewJobID()
		a.Apply(id, revision(t, id, func(d *carillon.Document) {
			d.CatchUp.Policy, d.Overlap = policy, carillon.OverlapAllow
		}), 1)
		runs, all := 0, 0
		for batch := Collect(a, now, marks, nil); len(batch.Decisions) > 0; batch = Collect(a, now, marks, nil) {
			for _, d := range batch.Decisions {
				all++
				if d.Runs() {
					runs++
				}
			}
		}
		if runs != want || all != 5 {
			t.Errorf("%s: %d of %d fires run, want %d of 5", policy, runs, all, want)
		}
	}
}

func TestABatchHoldsOneRunOfAJobThatMayNotOverlap(t *testing.T) {
	t.Parallel()
	a, marks := ownedAgenda()
	id := carillon.NewJobID()
	a.Apply(id, revision(t, id, func(d *carillon.Document) { d.Schedule.Every = schedule.Duration(time.Second) }), 1)
	now := noon.Add(2 * time.Second)
	for want := range 3 {
		batch := Collect(a, now, marks, nil)
		if len(batch.Decisions) != 1 || !batch.Decisions[0].At.Equal(noon.Add(time.Duration(want)*time.Second)) {
			t.Fatalf("batch %d: %+v", want, batch.Decisions)
		}
	}
	if rest := Collect(a, now, marks, nil); len(rest.Decisions) != 0 {
		t.Errorf("%d decisions left", len(rest.Decisions))
	}
}

// TestAClockThatGoesBack plans at random instants, earlier ones too: each fire
// once, and no mark goes back.
func TestAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	a, marks := ownedAgenda()
	id := carillon.NewJobID()
	a.Apply(id, revision(t, id, func(d *carillon.Document) { d.Overlap = carillon.OverlapAllow }), 1)
	p, fires := carillon.PartitionOf(id), 0
	for range 200 {
		batch := Collect(a, noon.Add(time.Duration(random.IntN(60))*time.Minute), marks, nil)
		for _, d := range batch.Decisions {
			if want := noon.Add(time.Duration(fires) * time.Minute); !d.At.Equal(want) || batch.Marks[p].At.Before(marks[p].At) {
				t.Fatalf("fire %s, want %s; mark %s after %s", d.At, want, batch.Marks[p].At, marks[p].At)
			}
			fires++
		}
		if !batch.Empty() {
			marks[p] = batch.Marks[p]
		}
	}
}

func TestAHerdIsCutWithoutGapOrRepeat(t *testing.T) {
	t.Parallel()
	a, marks := ownedAgenda()
	const jobs = 2500
	for i := range jobs {
		id := uuid.New()
		a.Apply(id, revision(t, id, nil), uint64(i+1))
	}
	seen := map[uuid.UUID]bool{}
	for batch := Collect(a, noon, marks, nil); len(batch.Decisions) > 0; batch = Collect(a, noon, marks, nil) {
		if len(batch.Decisions)+len(batch.Marks) > 1000 {
			t.Fatalf("batch of %d messages, JetStream takes 1000", len(batch.Decisions)+len(batch.Marks))
		}
		for _, d := range batch.Decisions {
			p := carillon.PartitionOf(d.Job)
			if seen[d.Job] || marks[p].Covers(d.At, d.Job) || !batch.Marks[p].Covers(d.At, d.Job) {
				t.Fatalf("fire of %s planned twice, or not between the marks", d.Job)
			}
			seen[d.Job] = true
		}
		for p, mark := range batch.Marks {
			marks[p] = mark
		}
	}
	if len(seen) != jobs {
		t.Errorf("%d fires planned, want %d", len(seen), jobs)
	}
}

func TestABatchIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	a, marks := ownedAgenda()
	for i := range 100 {
		id := uuid.New()
		a.Apply(id, revision(t, id, func(d *carillon.Document) { d.Target.Body = string(make([]byte, 200<<10)) }), uint64(i+1))
	}
	size := 0
	for _, d := range Collect(a, noon, marks, nil).Decisions {
		size += len(d.Call("default"))
	}
	if size > 8<<20 {
		t.Errorf("a batch of %d bytes", size)
	}
}

func TestOwningAnewPutsEverythingBack(t *testing.T) {
	t.Parallel()
	a, marks := ownedAgenda()
	for i := range 50 {
		id := uuid.New()
		a.Apply(id, revision(t, id, func(d *carillon.Document) { d.Overlap = carillon.OverlapAllow }), uint64(i+1))
	}
	now := noon.Add(3 * time.Minute)
	first := Collect(a, now, marks, nil)
	for p, mark := range marks {
		a.Own(p, mark)
	}
	again := Collect(a, now, marks, nil)
	if len(first.Decisions) != 200 || len(again.Decisions) != 200 {
		t.Fatalf("%d then %d decisions, want 200", len(first.Decisions), len(again.Decisions))
	}
	for i := range again.Decisions {
		if !first.Decisions[i].At.Equal(again.Decisions[i].At) || first.Decisions[i].Job != again.Decisions[i].Job {
			t.Fatalf("decision %d differs", i)
		}
	}
}
