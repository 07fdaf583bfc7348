package plan

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// fate is what became of a fire, and when.
type fate struct {
	state carillon.State
	at    time.Time
}

// flights is the runs of one job in the stream.
type flights []time.Time // when each ends

func (f flights) until(now time.Time) (left flights) {
	for _, end := range f {
		if end.After(now) {
			left = append(left, end)
		}
	}
	return left
}

// naive is the plain reading of the overlap policies, one job at a time.
type naive struct {
	doc     carillon.Document
	held    []time.Time
	flights flights
	fates   map[time.Time]fate
}

func (n *naive) run(fire, now time.Time, lasts time.Duration) {
	n.fates[fire] = fate{carillon.StateQueued, now}
	n.flights = append(n.flights, now.Add(lasts))
}

// tick lets a second pass: runs end, a held fire runs, a fire comes due.
func (n *naive) tick(now time.Time, due bool, lasts func(time.Time) time.Duration) {
	n.flights = n.flights.until(now)
	if len(n.held) > 0 && len(n.flights) == 0 {
		n.run(n.held[0], now, lasts(n.held[0]))
		n.held = n.held[1:]
	}
	free := len(n.held) == 0 && len(n.flights) == 0
	switch {
	case !due:
	case free || n.doc.Overlap == carillon.OverlapAllow:
		n.run(now, now, lasts(now))
	case n.doc.Overlap == carillon.OverlapQueue && len(n.held) < n.doc.MaxQueued:
		n.held = append(n.held, now)
	case n.doc.Overlap == carillon.OverlapReplace:
		for _, earlier := range n.held {
			n.fates[earlier] = fate{carillon.StateSkipped, now}
		}
		n.held, n.flights = []time.Time{now}, nil
	default:
		n.fates[now] = fate{carillon.StateSkipped, now}
	}
}

// stage is the same job under the real planner: an agenda, a mark, and a stream
// that refuses exclusive runs while others are in flight.
type stage struct {
	random  *rand.Rand
	id      uuid.UUID
	edits   []*wire.Definition
	agenda  *agenda.Agenda
	mark    wire.Mark
	flights flights
	fates   map[time.Time]fate
	twice   bool
}

func (s *stage) takeOver(t *testing.T) {
	t.Helper()
	mark, err := wire.Decode[wire.Mark](wire.Encode(s.mark))
	if err != nil {
		t.Fatal(err)
	}
	s.mark, s.agenda = mark, agenda.New()
	for i, def := range s.edits {
		r, err := agenda.NewRevision(&wire.Brief{Definition: *def})
		if err != nil {
			t.Fatal(err)
		}
		s.agenda.Apply(s.id, r, uint64(i+1))
	}
	s.agenda.Own(carillon.PartitionOf(s.id), s.mark)
}

// plan commits until nothing is due. What it believes of held fires may be wrong.
func (s *stage) plan(now time.Time, lasts func(time.Time) time.Duration) {
	p := carillon.PartitionOf(s.id)
	s.flights = s.flights.until(now)
	var free []uuid.UUID
	if len(s.flights) == 0 || s.random.IntN(3) == 0 {
		free = append(free, s.id)
	}
	for {
		batch := Collect(s.agenda, now, map[int]wire.Mark{p: s.mark}, free)
		free = nil
		if batch.Empty() {
			return
		}
		for s.refuses(batch) {
			batch.Resolve(s.id)
		}
		for _, d := range batch.Decisions {
			_, before := s.fates[d.At]
			s.twice = s.twice || before
			s.fates[d.At] = fate{d.State, now}
			if d.Runs() {
				s.flights = append(s.flights, now.Add(lasts(d.At)))
			}
		}
		if batch.Replacing {
			s.flights = nil // cancelled
		}
		s.mark = batch.Marks[p]
	}
}

func (s *stage) refuses(batch *Batch) bool {
	inFlight := len(s.flights)
	for i := range batch.Decisions {
		d := &batch.Decisions[i]
		if d.Exclusive() && inFlight > 0 {
			return true
		}
		if d.Runs() {
			inFlight++
		}
	}
	return false
}

// TestOverlapAsItIsRead compares the planner with the plain reading of the
// policies over random jobs, run times, manual runs, takeovers and refusals.
func TestOverlapAsItIsRead(t *testing.T) {
	t.Parallel()
	policies := []carillon.Overlap{carillon.OverlapSkip, carillon.OverlapAllow, carillon.OverlapQueue, carillon.OverlapReplace}
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 11))
		doc := carillon.Document{Name: "j", Overlap: policies[seed%4], MaxQueued: 1 + random.IntN(3)}
		period := 1 + random.IntN(4)
		doc.Schedule.Every = schedule.Duration(period) * schedule.Duration(time.Second)
		doc = doc.WithDefaults()
		longest := 1 + random.IntN(9)
		lasts := func(fire time.Time) time.Duration { // the same for both, and no whole number of seconds
			return time.Duration(rand.New(rand.NewPCG(seed, uint64(fire.Unix()))).IntN(longest))*time.Second + time.Second/2
		}
		s := &stage{random: random, id: carillon.NewJobID(), fates: map[time.Time]fate{}}
		s.edits = []*wire.Definition{{Job: carillon.Job{ID: s.id, Revision: 1, EffectiveFrom: noon, Document: doc}}}
		s.takeOver(t)
		n := &naive{doc: doc, fates: map[time.Time]fate{}}
		for second := range 60 {
			now := noon.Add(time.Duration(second) * time.Second)
			if random.IntN(10) == 0 { // a manual run is in flight like any other
				end := now.Add(time.Duration(random.IntN(4)) * time.Second)
				s.flights, n.flights = append(s.flights, end), append(n.flights, end)
			}
			if random.IntN(8) == 0 {
				s.takeOver(t)
			}
			s.plan(now, lasts)
			n.tick(now, now.Unix()%int64(period) == 0, lasts)
		}
		if diff := cmp.Diff(n.fates, s.fates, cmp.AllowUnexported(fate{})); diff != "" || s.twice {
			t.Fatalf("seed %d, %s, every %d s: twice %t, %s", seed, doc.Overlap, period, s.twice, diff)
		}
	}
}

// TestNoFireIsLostAmongPolicies edits a job's policies while its fires come due,
// late and in time: each fire ends in one way, in order where they wait.
func TestNoFireIsLostAmongPolicies(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 12))
		s := &stage{random: random, id: carillon.NewJobID(), fates: map[time.Time]fate{}}
		for i := range 1 + random.IntN(5) {
			doc := carillon.Document{Name: "j", Overlap: []carillon.Overlap{"skip", "allow", "queue", "replace"}[random.IntN(4)], MaxQueued: 1 + random.IntN(5)}
			doc.CatchUp.Policy = []carillon.CatchUpPolicy{"latest", "skip", "all"}[random.IntN(3)]
			doc.Schedule.Every = schedule.Duration(time.Second)
			s.edits = append(s.edits, &wire.Definition{Job: carillon.Job{
				ID: s.id, Revision: int64(i + 1), EffectiveFrom: noon.Add(time.Duration(i*15) * time.Second), Document: doc.WithDefaults(),
			}})
		}
		s.takeOver(t)
		lasts := func(time.Time) time.Duration { return time.Duration(random.IntN(8)) * time.Second }
		now := noon
		for now.Before(noon.Add(90 * time.Second)) {
			now = now.Add(time.Duration(1+random.IntN(3)*random.IntN(9)) * time.Second)
			if random.IntN(8) == 0 {
				s.takeOver(t)
			}
			s.plan(now, lasts)
		}
		held := map[time.Time]bool{}
		for _, waiting := range s.mark.Held[s.id] {
			held[waiting.At] = true
		}
		for at := noon; !at.After(now); at = at.Add(time.Second) {
			if _, decided := s.fates[at]; decided == held[at] || s.twice {
				t.Fatalf("seed %d: fire %s decided %t, held %t; twice %t", seed, at, decided, held[at], s.twice)
			}
		}
	}
}
