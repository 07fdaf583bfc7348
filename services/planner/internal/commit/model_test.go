package commit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// What must never be.
var (
	errTwice  = errors.New("a fire was published twice")
	errLost   = errors.New("a fire was lost")
	errDiffer = errors.New("a planner that lives and one that starts from the marks differ")
)

// state is one state of a small world: two planners that both believe to own
// everything, the stream, and what is on its way between them.
type state struct {
	second int
	server server
	wire   []message
	actors [2]actor
	sends  int
	kills  int
	before *state
	event  event
}

// event is what led to a state.
type event struct {
	what string
	who  string
	n    int
}

func (s *state) history() string {
	if s.before == nil {
		return ""
	}
	return fmt.Sprintf("%s%s %s %d; ", s.before.history(), s.event.who, s.event.what, s.event.n)
}

// after is a copy in which something has happened.
func (s *state) after(what, who string, n int) *state {
	next := *s
	next.server, next.wire = s.server.clone(), slices.Clone(s.wire)
	for i := range next.actors {
		next.actors[i].known = maps.Clone(next.actors[i].known)
	}
	next.before, next.event = s, event{what, who, n}
	return &next
}

// key tells states apart.
func (m *model) key(s *state) string {
	base := key{}.number(int64(s.second)).number(int64(s.sends)).number(int64(s.kills)).server(&s.server, m.all, m.jobs)
	for i := range s.wire {
		base = base.message(s, &s.wire[i])
	}
	return string(base.actor(&s.server, &s.actors[0]).actor(&s.server, &s.actors[1]))
}

// awaits reports whether a planner waits for the answer to a message.
func (s *state) awaits(i int, m *message) bool {
	a := &s.actors[i]
	return a.pending != nil && a.name == m.planner && a.pending.await == m.number
}

// model explores everything that can happen in a small world.
type model struct {
	setting
	seen    map[string]struct{}
	drained map[string]struct{}
	all     []fire
	differs bool
}

// explore returns how many states there are, or an error with the history that
// leads to what must never be.
func explore(s setting) (int, error) {
	m := &model{setting: s, seen: map[string]struct{}{}, drained: map[string]struct{}{}, all: s.fires()}
	first := &state{server: server{marks: map[int]Mark{}, published: map[fire]int{}, inFlight: map[uuid.UUID]int{}}}
	for _, def := range s.jobs {
		r, err := agenda.NewRevision(&wire.Brief{Definition: *def})
		if err != nil {
			return 0, err
		}
		m.revisions = append(m.revisions, r)
		first.server.marks[carillon.PartitionOf(def.ID)] = Mark{}
	}
	for i := range first.actors {
		first.actors[i].name = string(rune('a' + i))
		first.actors[i].own(first.server.marks)
	}
	stack := []*state{first}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		m.forgetDead(top)
		key := m.key(top)
		if _, known := m.seen[key]; known {
			continue
		}
		m.seen[key] = struct{}{}
		if err := m.check(top); err != nil {
			return len(m.seen), fmt.Errorf("%w after %s", err, top.history())
		}
		stack = append(stack, m.next(top)...)
	}
	return len(m.seen), nil
}

// forgetDead drops messages that the server can only refuse from now on, and
// whose answer nobody awaits.
func (m *model) forgetDead(s *state) {
	s.wire = slices.DeleteFunc(slices.Clone(s.wire), func(sent message) bool {
		dead := sent.delivered == 2
		for p, version := range sent.expects {
			dead = dead || version < s.server.marks[p].Sequence && m.broken != marksUnchecked
		}
		return dead && !s.awaits(0, &sent) && !s.awaits(1, &sent)
	})
}

// next lists the states that can follow.
func (m *model) next(s *state) (next []*state) {
	if s.second+1 < m.seconds {
		later := s.after("tick", "", 0)
		later.second++
		next = append(next, later)
	}
	for id, n := range s.server.inFlight {
		if n > 0 {
			ended := s.after("a run ends", "", 0)
			ended.server.inFlight[id]--
			next = append(next, ended)
		}
	}
	for i := range s.wire {
		if s.wire[i].delivered < 2 {
			next = append(next, m.deliver(s, i)...)
		}
	}
	for i := range s.actors {
		next = append(next, m.act(s, i)...)
	}
	return next
}

// act lists what a planner can do by itself. That it does nothing for a while, as
// when it is frozen, is in the order of what the others do.
func (m *model) act(s *state, i int) (next []*state) {
	a := &s.actors[i]
	if s.kills < m.budget.kills {
		killed := s.after("is killed", a.name, 0)
		killed.kills++
		b := &killed.actors[i]
		b.name, b.collected = fmt.Sprint(a.name, killed.kills), 0
		b.own(killed.server.marks)
		next = append(next, killed)
	}
	if a.pending != nil {
		return append(next, m.settle(s.after("has no answer", a.name, 0), i, false)...)
	}
	owning := s.after("reads the marks", a.name, 0)
	owning.actors[i].own(owning.server.marks)
	next = append(next, owning)
	if planned := s.after("plans", a.name, 0); m.plan(planned, i) {
		next = append(next, planned)
	}
	return next
}

// plan lets a planner collect a batch and send it, if there is anything to plan.
func (m *model) plan(s *state, i int) bool {
	a := &s.actors[i]
	a.pending = &pending{now: noon.Add(time.Duration(s.second) * time.Second)}
	for _, mark := range a.known {
		for id := range mark.Held {
			if s.server.inFlight[id] == 0 {
				a.pending.free = append(a.pending.free, id)
			}
		}
	}
	a.collected++
	_, batch := a.play(&m.setting)
	return !batch.Empty() && m.send(s, i, batch)
}

// send sends a planner's batch, unless the budget is spent.
func (m *model) send(s *state, i int, batch *plan.Batch) bool {
	if s.sends == m.budget.sends {
		return false
	}
	s.sends++
	a := &s.actors[i]
	sent := message{
		planner: a.name, batch: a.collected, number: s.sends, expects: map[int]uint64{},
		marks: maps.Clone(batch.Marks), decisions: slices.Clone(batch.Decisions),
	}
	for p := range batch.Marks {
		sent.expects[p] = a.known[p].Sequence
	}
	s.wire = append(s.wire, sent)
	waits := *a.pending
	waits.await = sent.number
	a.pending = &waits
	return true
}

// deliver brings a message to the server, whose answer is lost or not.
func (m *model) deliver(s *state, n int) []*state {
	lost := s.after("has a message arrive", s.wire[n].planner, s.wire[n].number)
	lost.wire[n].delivered++
	sent := &lost.wire[n]
	stored := lost.server.takes(sent, m.broken)
	if stored {
		lost.server.store(sent, m.broken)
	}
	next := []*state{lost}
	for i := range lost.actors {
		if !lost.awaits(i, sent) {
			continue
		}
		answered := lost.after("is answered", sent.planner, sent.number)
		if !stored {
			next = append(next, m.settle(answered, i, true)...)
			continue
		}
		m.accept(answered, i, sent)
		next = append(next, answered)
	}
	return next
}

// accept has a planner take its batch for stored.
func (m *model) accept(s *state, i int, sent *message) {
	marks := map[int]Mark{}
	for p, mark := range sent.marks {
		marks[p] = Mark{Mark: mark, Sequence: sent.expects[p] + 1}
	}
	m.adopt(&s.actors[i], marks)
}

// adopt has a planner go on from marks that its batch has moved.
func (m *model) adopt(a *actor, moved map[int]Mark) {
	book, _ := a.play(&m.setting)
	adopt(a.known, moved)
	for p, mark := range moved {
		book.Stored(p, mark.Mark)
	}
	m.differs = m.differs || !m.agrees(book, a.known)
	a.pending = nil
}

// settle has a planner look at the marks, and go on from what they say.
func (m *model) settle(s *state, i int, refused bool) []*state {
	a := &s.actors[i]
	_, batch := a.play(&m.setting)
	if m.broken == silenceIsStored && !refused {
		m.accept(s, i, &s.wire[slices.IndexFunc(s.wire, func(sent message) bool { return s.awaits(i, &sent) })])
		return []*state{s}
	}
	switch result, _ := judge(batch, a.known, s.server.marks); result {
	case isStale:
		a.own(s.server.marks)
	case isStored:
		moved := map[int]Mark{}
		for p := range batch.Marks {
			moved[p] = s.server.marks[p]
		}
		m.adopt(a, moved)
	default:
		if busy := s.server.busy(batch); refused && len(busy) > 0 {
			return m.stepAside(s, i, busy)
		}
		return m.retry(s, i, batch)
	}
	return []*state{s}
}

// stepAside has a batch decided anew, and sent if anything is left of it.
func (m *model) stepAside(s *state, i int, busy []uuid.UUID) []*state {
	a := &s.actors[i]
	next := *a.pending
	next.busy = append(slices.Clip(next.busy), busy)
	a.pending = &next
	_, batch := a.play(&m.setting)
	if batch.Idle() {
		a.pending = nil
	} else if !m.send(s, i, batch) {
		return nil // beyond the budget
	}
	return []*state{s}
}

// retry is the choice of a planner whose batch was not stored: it sends it again,
// or gives it up.
func (m *model) retry(s *state, i int, batch *plan.Batch) []*state {
	again, undone := s.after("sends it again", s.actors[i].name, 0), s.after("gives it up", s.actors[i].name, 0)
	undone.actors[i].own(undone.server.marks)
	if m.send(again, i, batch) {
		return []*state{again, undone}
	}
	return []*state{undone}
}

// check looks for what must never be.
func (m *model) check(s *state) error {
	if m.differs {
		return errDiffer
	}
	key := string(key{}.server(&s.server, m.all, m.jobs))
	if _, known := m.drained[key]; known {
		return nil
	}
	m.drained[key] = struct{}{}
	return m.drain(s.server.clone())
}

// drain has one planner start from the marks, undisturbed, and finish: then every
// fire has been published, once.
func (m *model) drain(s server) error {
	last := &state{server: s, second: m.seconds - 1, actors: [2]actor{{name: "last"}}}
	last.actors[0].own(s.marks)
	calm := &model{setting: m.setting}
	calm.budget = budget{sends: 100}
	for clear(s.inFlight); calm.plan(last, 0); clear(s.inFlight) {
		sent := &last.wire[len(last.wire)-1]
		last.server.store(sent, m.broken)
		calm.accept(last, 0, sent)
	}
	for _, f := range m.fires() {
		switch n := s.published[f]; {
		case n == 0:
			return errLost
		case n > 1:
			return errTwice
		}
	}
	return nil
}
