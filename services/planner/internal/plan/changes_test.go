package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// edit is one revision in the order of JOBS; its sequence is its place, from 1.
type edit struct {
	def    wire.Definition
	period int // in seconds; 0 where the revision does not fire
}

// fires is the naive oracle of a revision.
func (e *edit) fires(at time.Time) bool {
	return e.period > 0 && at.Nanosecond() == 0 && at.Unix()%int64(e.period) == 0
}

// inForce is the naive oracle of a job of which the first edits of JOBS are
// known: the newest revision that has begun by an instant, or nil.
func inForce(known []edit, id uuid.UUID, at time.Time) *edit {
	for i := range slices.Backward(known) {
		if known[i].def.ID == id && !known[i].def.EffectiveFrom.After(at) {
			return &known[i]
		}
	}
	return nil
}

// history is a small world: JOBS, RUNS with its marks, and planners that come and
// go, read JOBS with delays of their own, and lose answers.
type history struct {
	random   *rand.Rand
	now      time.Time
	jobs     []uuid.UUID
	edits    []edit
	marks    map[int]wire.Mark
	versions map[int]int // of the marks, as the stream's sequences
	planned  map[uuid.UUID]map[time.Time]int
	planners []*narrator
	err      error
}

// narrator is a planner: an agenda, and what it believes the marks to be.
type narrator struct {
	agenda   *agenda.Agenda
	marks    map[int]wire.Mark
	versions map[int]int
	read     int // of the edits
}

func newHistory(seed uint64) *history {
	h := &history{
		random: rand.New(rand.NewPCG(seed, 7)), now: noon, marks: map[int]wire.Mark{},
		versions: map[int]int{}, planned: map[uuid.UUID]map[time.Time]int{},
	}
	for range 1 + h.random.IntN(4) {
		id := uuid.UUID(h.bytes())
		h.jobs, h.planned[id] = append(h.jobs, id), map[time.Time]int{}
	}
	h.planners = []*narrator{h.start(), h.start()}
	return h
}

func (h *history) bytes() (b [16]byte) {
	for i := range b {
		b[i] = byte(h.random.Uint32())
	}
	return b
}

// publish puts the next revision of some job into JOBS, up to a minute after it
// should have been there.
func (h *history) publish() {
	id := h.jobs[h.random.IntN(len(h.jobs))]
	number, from := int64(1), h.now.Add(time.Duration(h.random.IntN(62_000)-60_000)*time.Millisecond)
	for _, e := range h.edits {
		if e.def.ID == id {
			number = e.def.Revision + 1
			if !from.After(e.def.EffectiveFrom) {
				from = e.def.EffectiveFrom.Add(time.Duration(1 + h.random.Int64N(int64(5*time.Second))))
			}
			if e.def.Deleted {
				return
			}
		}
	}
	if number > 12 {
		return
	}
	e := edit{period: 1 + h.random.IntN(9)}
	doc := carillon.Document{Name: "j", Overlap: carillon.OverlapAllow}
	doc.Schedule.Every = schedule.Duration(e.period) * schedule.Duration(time.Second)
	e.def = wire.Definition{Job: carillon.Job{ID: id, Revision: number, EffectiveFrom: from, Document: doc.WithDefaults()}}
	switch h.random.IntN(8) {
	case 0, 1:
		e.def.Paused, e.period = true, 0
	case 2:
		e.def.Deleted, e.period = number > 1, e.period*int(min(1, max(0, 2-number)))
	}
	h.edits = append(h.edits, e)
}

func (h *history) start() *narrator {
	n := &narrator{agenda: agenda.New(), marks: map[int]wire.Mark{}, versions: map[int]int{}}
	h.deliver(n, len(h.edits))
	return n
}

// deliver lets a planner read some more of JOBS.
func (h *history) deliver(n *narrator, count int) {
	for ; count > 0 && n.read < len(h.edits); count-- {
		e := &h.edits[n.read]
		n.read++
		r, err := agenda.NewRevision(&wire.Brief{Definition: e.def})
		if err != nil {
			h.err = err
			return
		}
		n.agenda.Apply(e.def.ID, r, uint64(n.read))
	}
}

// own has a planner start from a mark, once it knows all that the mark had seen.
func (h *history) own(n *narrator, p int) {
	if uint64(n.read) < h.marks[p].Seen {
		h.disown(n, p)
		return
	}
	n.marks[p], n.versions[p] = h.marks[p], h.versions[p]
	n.agenda.Own(p, h.marks[p])
}

func (h *history) disown(n *narrator, p int) {
	n.agenda.Disown(p)
	delete(n.marks, p)
	delete(n.versions, p)
}

// plan lets a planner commit one batch; the commit is refused, lost, or stored
// with or without the planner learning of it.
func (h *history) plan(n *narrator, faults bool) bool {
	batch := Collect(n.agenda, h.now, n.marks, nil)
	if batch.Empty() {
		return false
	}
	for p := range batch.Marks {
		if n.versions[p] != h.versions[p] { // stale: start over from the marks
			for p := range batch.Marks {
				h.own(n, p)
			}
			return true
		}
	}
	fault := h.random.IntN(6)
	if faults && fault == 0 { // not stored, and given up
		batch.Undo(n.agenda)
		return true
	}
	h.store(n, batch)
	if faults && fault == 1 { // stored, and given up: the next commit will be stale
		batch.Undo(n.agenda)
		return true
	}
	for p := range batch.Marks {
		n.marks[p], n.versions[p] = h.marks[p], h.versions[p]
	}
	return true
}

func (h *history) store(n *narrator, batch *Batch) {
	for i := range batch.Decisions {
		d := &batch.Decisions[i]
		h.planned[d.Job][d.At]++
		r := inForce(h.edits[:n.read], d.Job, d.At)
		if r == nil || !r.fires(d.At) || r.def.Revision != d.Revision.Number {
			h.err = fmt.Errorf("%s planned under revision %d, the planner knew %+v", d.At, d.Revision.Number, r)
		}
	}
	for p, mark := range batch.Marks { // over the wire, as a successor reads it
		decoded, err := wire.Decode[wire.Mark](wire.Encode(mark))
		if err != nil || h.marks[p].At.After(decoded.At) {
			h.err = fmt.Errorf("mark %+v after %+v: %v", decoded, h.marks[p], err)
		}
		h.marks[p] = decoded
		h.versions[p]++
	}
}

// step lets one thing happen.
func (h *history) step() {
	n := h.planners[h.random.IntN(len(h.planners))]
	switch h.random.IntN(12) {
	case 0, 1:
		h.now = h.now.Add(time.Duration(h.random.IntN(8000)) * time.Millisecond)
	case 2, 3:
		h.publish()
	case 4, 5, 6:
		h.deliver(n, 1+h.random.IntN(3))
	case 7:
		h.own(n, h.random.IntN(carillon.Partitions))
	case 8: // of a job's own partition, whoever else has it
		h.own(n, carillon.PartitionOf(h.jobs[h.random.IntN(len(h.jobs))]))
	case 9:
		if p := h.random.IntN(carillon.Partitions); h.random.IntN(4) > 0 {
			h.disown(n, p)
		} else { // killed, and replaced by one that knows JOBS and nothing else
			h.planners[h.random.IntN(len(h.planners))] = h.start()
		}
	default:
		h.plan(n, true)
	}
}

// finish lets everything arrive and a last planner plan it.
func (h *history) finish() {
	n := h.planners[0]
	h.deliver(n, len(h.edits))
	h.now = h.now.Add(70 * time.Second)
	for p := range carillon.Partitions {
		h.own(n, p)
	}
	for h.plan(n, false) {
	}
}

// faults lists what is wrong: fires of the revision in force without a decision,
// and decisions made twice.
func (h *history) faults() error {
	if h.err != nil {
		return h.err
	}
	for _, id := range h.jobs {
		for at := noon.Add(-2 * time.Minute); !at.After(h.now); at = at.Add(time.Second) {
			r, n := inForce(h.edits, id, at), h.planned[id][at]
			if n > 1 || n == 0 && r != nil && r.fires(at) {
				return fmt.Errorf("fire %s of %s was planned %d times", at, id, n)
			}
		}
	}
	return nil
}

// TestChangesAreExact lets jobs be edited, paused, resumed and deleted, in time
// and too late, under planners that die, lag and lose answers. Every fire of the
// revision in force is planned, nothing twice, and nothing but what was in force
// by all that its planner knew.
func TestChangesAreExact(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		h := newHistory(seed)
		for range 60 + h.random.IntN(60) {
			h.step()
		}
		h.finish()
		if err := h.faults(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
