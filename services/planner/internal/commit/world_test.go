package commit

import (
	"maps"
	"slices"
	"strconv"
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

// setting is what stays the same in a small world: its jobs, how many seconds
// pass, and what is broken in it on purpose.
type setting struct {
	jobs      []*wire.Definition
	revisions []*agenda.Revision // of the jobs
	seconds   int
	budget    budget
	broken    defect
}

// budget bounds the search: messages sent, and planners killed.
type budget struct{ sends, kills int }

// defect is a way to break the commit.
type defect int

const (
	nothing         defect = iota
	marksUnchecked         // the server takes a batch whatever the marks are
	silenceIsStored        // no answer is taken for a good one
	marksApart             // a fire is not stored, though the marks are
)

// job returns a job that fires every second from noon on.
func job(t *testing.T, overlap carillon.Overlap, partition int) *wire.Definition {
	t.Helper()
	doc := carillon.Document{Name: "j", Overlap: overlap, Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}}
	for n := byte(1); ; n++ {
		if id := (uuid.UUID{n}); carillon.PartitionOf(id) == partition {
			return &wire.Definition{Job: carillon.Job{ID: id, Revision: 1, EffectiveFrom: noon, Document: doc.WithDefaults()}}
		}
	}
}

// fire is a fire of the small world.
type fire struct {
	job uuid.UUID
	at  time.Time
}

func (s *setting) fires() (all []fire) {
	for _, def := range s.jobs {
		for second := range s.seconds {
			all = append(all, fire{def.ID, noon.Add(time.Duration(second) * time.Second)})
		}
	}
	return all
}

// server is the stream: the marks with their versions, how often each fire was
// published, and the runs in flight.
type server struct {
	marks     map[int]Mark
	published map[fire]int
	inFlight  map[uuid.UUID]int
}

func (s server) clone() server {
	return server{maps.Clone(s.marks), maps.Clone(s.published), maps.Clone(s.inFlight)}
}

// takes reports whether the server would store a batch, as JetStream checks it.
func (s *server) takes(m *message, broken defect) bool {
	for p := range m.marks {
		if m.expects[p] != s.marks[p].Sequence && broken != marksUnchecked {
			return false
		}
	}
	started := maps.Clone(s.inFlight)
	for i := range m.decisions {
		d := &m.decisions[i]
		if d.Exclusive() && started[d.Job] > 0 {
			return false
		}
		if d.Runs() {
			started[d.Job]++
		}
	}
	return true
}

func (s *server) store(m *message, broken defect) {
	for p, mark := range m.marks {
		s.marks[p] = Mark{Mark: mark, Sequence: s.marks[p].Sequence + 1}
	}
	for i := range m.decisions {
		d := &m.decisions[i]
		if broken == marksApart && i == 1 {
			continue
		}
		s.published[fire{d.Job, d.At}]++
		if d.Exclusive() { // the others are in nobody's way
			s.inFlight[d.Job]++
		}
	}
}

// message is a batch on its way; it may come twice, late, or never.
type message struct {
	planner   string
	batch     uint64
	number    int
	expects   map[int]uint64
	marks     map[int]wire.Mark
	decisions []plan.Decision
	delivered int
}

// pending is a batch that a planner has collected and not settled yet.
type pending struct {
	now   time.Time
	free  []uuid.UUID
	busy  [][]uuid.UUID
	await int // the answer to this message
}

// actor is a planner: the marks that it knows, and its batch. Its agenda is not
// part of it: whenever a batch is settled, the agenda is compared with one that
// starts from the marks, so that one can stand for the other.
type actor struct {
	name      string
	known     map[int]Mark
	pending   *pending
	collected uint64
}

func (a *actor) own(marks map[int]Mark) { a.known, a.pending = maps.Clone(marks), nil }

// book returns an agenda that starts from marks.
func (s *setting) book(marks map[int]Mark) *agenda.Agenda {
	book := agenda.New()
	for i, def := range s.jobs {
		book.Apply(def.ID, s.revisions[i], uint64(i+1))
	}
	for p, mark := range marks {
		book.Own(p, mark.Mark)
	}
	return book
}

// play returns the actor's agenda and its batch.
func (a *actor) play(s *setting) (*agenda.Agenda, *plan.Batch) {
	book, marks := s.book(a.known), map[int]wire.Mark{}
	for p, mark := range a.known {
		marks[p] = mark.Mark
	}
	batch := plan.Collect(book, a.pending.now, marks, a.pending.free)
	for _, busy := range a.pending.busy {
		batch.Resolve(busy...)
	}
	(&Committer{name: a.name, sent: a.collected - 1}).sign(batch)
	return book, batch
}

// agrees reports whether an agenda has the same fires to come as one that starts
// from marks.
func (s *setting) agrees(book *agenda.Agenda, marks map[int]Mark) bool {
	return slices.Equal(s.coming(book), s.coming(s.book(marks)))
}

func (s *setting) coming(book *agenda.Agenda) (all []fire) {
	for {
		next, ok := book.Next()
		if !ok || next.At.After(noon.Add(time.Duration(s.seconds)*time.Second)) {
			return all
		}
		book.Advance()
		all = append(all, fire{next.Job, next.At})
	}
}

// busy lists the jobs whose runs are in the way of a batch.
func (s *server) busy(batch *plan.Batch) (busy []uuid.UUID) {
	for i := range batch.Decisions {
		if d := &batch.Decisions[i]; d.Exclusive() && s.inFlight[d.Job] > 0 {
			busy = append(busy, d.Job)
		}
	}
	return busy
}

// key is text that holds all that makes a state differ from another, and nothing
// more: neither names nor the numbers of messages.
type key []byte

func (k key) number(n int64) key { return append(strconv.AppendInt(k, n, 36), ',') }

func (k key) instant(at time.Time) key { return k.number(int64(at.Sub(noon) / time.Millisecond)) }

func (k key) fire(f fire) key { return k.number(int64(f.job[0])).instant(f.at) }

func (k key) marks(marks map[int]Mark) key {
	for p := range carillon.Partitions {
		m, ok := marks[p]
		if !ok {
			continue
		}
		k = k.number(int64(m.Sequence)).instant(m.At).number(int64(m.Job[0])).number(int64(len(m.Past)))
		for id, held := range m.Held { // one job in a partition
			for _, h := range held {
				k = k.fire(fire{id, h.At})
			}
		}
	}
	return append(k, '|')
}

func (k key) server(s *server, all []fire, jobs []*wire.Definition) key {
	k = k.marks(s.marks)
	for _, f := range all {
		k = k.number(int64(s.published[f]))
	}
	for _, def := range jobs {
		k = k.number(int64(s.inFlight[def.ID]))
	}
	return k
}

func (k key) actor(s *server, a *actor) key {
	k = k.marks(a.known)
	if p := a.pending; p != nil {
		k = k.instant(p.now).number(int64(len(p.free)))
		for n := range carillon.Partitions { // is it what the server has?
			if mark := s.marks[n]; mark.Planner == a.name && mark.Batch == a.collected {
				k = k.number(int64(n))
			}
		}
		for _, busy := range p.busy {
			k = k.number(int64(len(busy)))
			for _, id := range busy {
				k = k.number(int64(id[0]))
			}
		}
	}
	return append(k, '/')
}

// message tells what a batch on its way is for: whose answer it would be, and
// whether it is of that planner's present batch.
func (k key) message(s *state, m *message) key {
	k = k.number(int64(m.delivered))
	for i := range s.actors {
		a := &s.actors[i]
		present := int64(0)
		switch {
		case s.awaits(i, m):
			present = 2
		case a.pending != nil && a.name == m.planner && a.collected == m.batch:
			present = 1
		}
		k = k.number(present)
	}
	for p := range carillon.Partitions {
		if mark, ok := m.marks[p]; ok {
			k = k.number(int64(m.expects[p])).marks(map[int]Mark{p: {Mark: mark}})
		}
	}
	for i := range m.decisions {
		d := &m.decisions[i]
		k = append(k.fire(fire{d.Job, d.At}), d.State[0])
	}
	return append(k, ';')
}
