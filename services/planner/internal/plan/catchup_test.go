package plan

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// TestTheNewestMissedFiresRun plans a backlog in batches of random instants and
// compares with the plain list: the last so many run, the others have a reason.
func TestTheNewestMissedFiresRun(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		most, due := 1+random.IntN(30), 1+random.IntN(60)
		a, marks := ownedAgenda()
		id := carillon.NewJobID()
		a.Apply(id, revision(t, id, func(d *carillon.Document) {
			d.CatchUp.Policy, d.CatchUp.Max, d.Overlap = carillon.CatchUpAll, most, carillon.OverlapAllow
		}), 1)
		now := noon.Add(time.Duration(due-1)*time.Minute + 20*time.Second)
		n := 0
		for batch := Collect(a, now, marks, nil); !batch.Empty(); batch = Collect(a, now, marks, nil) {
			for _, d := range batch.Decisions {
				n++
				if want := n > due-most; d.Runs() != want || want != (d.Reason == "") {
					t.Fatalf("fire %d of %d, at most %d run: %s %q", n, due, most, d.State, d.Reason)
				}
			}
		}
		if n != due {
			t.Fatalf("%d fires decided, want %d", n, due)
		}
	}
}

// TestABacklogOfDays has a job of every second that nobody planned for three days.
// Were a fire's cost to grow with the backlog, it would not end within the limit of
// all tests.
func TestABacklogOfDays(t *testing.T) {
	t.Parallel()
	a, marks := ownedAgenda()
	id := carillon.NewJobID()
	a.Apply(id, revision(t, id, func(d *carillon.Document) {
		d.Schedule.Every = schedule.Duration(time.Second)
		d.CatchUp = carillon.CatchUp{Policy: carillon.CatchUpAll, Max: 10_000, Window: carillon.Duration(100 * time.Hour)}
	}), 1)
	now := noon.Add(72 * time.Hour)
	fires, runs, waiting := 0, 0, 0
	for batch := Collect(a, now, marks, nil); !batch.Empty(); batch = Collect(a, now, marks, nil) {
		for _, d := range batch.Decisions {
			fires++
			if d.Runs() {
				runs++
			}
		}
		for p, mark := range batch.Marks {
			marks[p] = mark
			waiting = len(mark.Held[id])
		}
	}
	if runs != 1 || waiting != mostHeld || fires+waiting != 72*60*60+1 {
		t.Errorf("%d fires decided, %d run, %d wait", fires, runs, waiting)
	}
}

// TestMissedFiresWaitForEachOther has a job that skips a fire while a run is in
// flight, but runs all that it missed.
func TestMissedFiresWaitForEachOther(t *testing.T) {
	t.Parallel()
	a, marks := ownedAgenda()
	id := carillon.NewJobID()
	a.Apply(id, revision(t, id, func(d *carillon.Document) { d.CatchUp.Policy = carillon.CatchUpAll }), 1)
	p := carillon.PartitionOf(id)
	now := noon.Add(3*time.Minute + 30*time.Second) // four missed
	first := Collect(a, now, marks, nil)
	if len(first.Decisions) != 1 || len(first.Marks[p].Held[id]) != 3 || !first.Decisions[0].At.Equal(noon) {
		t.Fatalf("%+v, %+v", first.Decisions, first.Marks[p].Held)
	}
	marks[p] = first.Marks[p]
	live := Collect(a, noon.Add(4*time.Minute), marks, nil)
	if len(live.Decisions) != 1 || live.Decisions[0].State != carillon.StateSkipped || len(live.Marks[p].Held[id]) != 3 {
		t.Fatalf("a fire in time while others wait: %+v, %+v", live.Decisions, live.Marks[p].Held)
	}
	marks[p] = live.Marks[p]
	for want := range 3 {
		batch := Collect(a, noon.Add(4*time.Minute+time.Second), marks, []uuid.UUID{id})
		if len(batch.Decisions) != 1 || !batch.Decisions[0].Runs() || !batch.Decisions[0].At.Equal(noon.Add(time.Duration(want+1)*time.Minute)) {
			t.Fatalf("released %+v", batch.Decisions)
		}
		marks[p] = batch.Marks[p]
	}
	if left := marks[p].Held; len(left) != 0 {
		t.Errorf("still held: %v", left)
	}
}

// TestTheLargestMarkFitsIntoAMessage fills a mark with all that it may hold.
func TestTheLargestMarkFitsIntoAMessage(t *testing.T) {
	t.Parallel()
	mark := wire.Mark{Planner: "a-host-with-a-rather-long-name-for-a-host-0123456789abcdefghijkl", Held: map[uuid.UUID][]wire.Held{}}
	for range mostHeld {
		mark.Held[carillon.NewJobID()] = []wire.Held{{At: noon, Revision: 1000}}
	}
	for range 1000 { // what the agenda keeps at most
		mark.Past = append(mark.Past, wire.Reach{At: noon.Add(-1), Job: uuid.Max, Seen: 1 << 60})
	}
	if size := len(wire.Encode(mark)); size > 1000<<10 {
		t.Errorf("%d bytes, NATS takes 1 MiB", size)
	}
}
