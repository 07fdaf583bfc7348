package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// edit is a message of JOBS: a revision of a job, or a pause.
type edit struct {
	def      wire.Definition
	pause    *wire.Pause
	period   int // in seconds; 0 where the revision does not fire
	sequence uint64
}

func (e *edit) subject() string {
	if e.pause != nil {
		return topology.Pause(e.pause.Namespace)
	}
	return topology.Job(e.def.ID)
}

// fires is the naive oracle of a revision.
func (e *edit) fires(at time.Time) bool {
	return e.period > 0 && at.Nanosecond() == 0 && at.Unix()%int64(e.period) == 0
}

// inForce is the naive oracle of a job, by all that is written: the newest
// revision that has begun by an instant, or nil if there is none or it is paused.
func inForce(written []*edit, id uuid.UUID, at time.Time) *edit {
	var newest *edit
	for _, e := range written {
		if e.pause == nil && e.def.ID == id && !e.def.EffectiveFrom.After(at) && (newest == nil || e.def.Revision > newest.def.Revision) {
			newest = e
		}
	}
	if newest == nil || pausedBy(written, newest.def.Namespace, at) || pausedBy(written, "", at) {
		return nil
	}
	return newest
}

func pausedBy(written []*edit, namespace string, at time.Time) (on bool) {
	revision := int64(0)
	for _, e := range written {
		if p := e.pause; p != nil && p.Namespace == namespace && !p.EffectiveFrom.After(at) && p.Revision > revision {
			on, revision = p.Paused, p.Revision
		}
	}
	return on
}

// history is a small world: JOBS, RUNS with its marks, and planners that come and
// go, read JOBS with delays of their own, and lose answers.
type history struct {
	random   *rand.Rand
	harsh    bool // JOBS forgets, and is lost
	now      time.Time
	jobs     []uuid.UUID
	written  []*edit // all that there ever was, by revision
	outbox   []*edit // of these, what is not in JOBS yet
	stream   []*edit // JOBS, by sequence
	sequence uint64  // the last of JOBS
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
	read     uint64 // of JOBS
	known    []*edit
}

func newHistory(seed uint64, harsh bool) *history {
	h := &history{
		random: rand.New(rand.NewPCG(seed, 7)), harsh: harsh, now: noon, marks: map[int]wire.Mark{},
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

// lately is an instant up to a minute ago, or shortly ahead, but after another.
func (h *history) lately(after time.Time) time.Time {
	from := h.now.Add(time.Duration(h.random.IntN(62_000)-60_000) * time.Millisecond)
	if h.random.IntN(2) == 0 { // at a fire
		from = from.Truncate(time.Second)
	}
	if !from.After(after) {
		from = after.Add(time.Duration(1 + h.random.Int64N(int64(5*time.Second))))
	}
	return from
}

// write puts the next revision of some job, or pause, into the outbox.
func (h *history) write() {
	if h.random.IntN(4) == 0 {
		h.pause()
		return
	}
	id := h.jobs[h.random.IntN(len(h.jobs))]
	e, before := &edit{period: 1 + h.random.IntN(9)}, wire.Definition{}
	for _, other := range h.written {
		if other.def.ID == id {
			before = other.def
		}
	}
	if before.Deleted || before.Revision > 7 && !h.harsh {
		return
	}
	doc := carillon.Document{Name: "j", Namespace: namespaceOf(id), Overlap: carillon.OverlapAllow}
	doc.Schedule.Every = schedule.Duration(e.period) * schedule.Duration(time.Second)
	e.def = wire.Definition{Job: carillon.Job{
		ID: id, Revision: before.Revision + 1, EffectiveFrom: h.lately(before.EffectiveFrom), Document: doc.WithDefaults(),
	}}
	switch n := h.random.IntN(12); {
	case n < 2:
		e.def.Paused, e.period = true, 0
	case n == 2 && before.Revision > 0:
		e.def.Deleted, e.period = true, 0
	}
	h.append(e)
}

func namespaceOf(id uuid.UUID) string { return []string{"a", "b"}[id[0]%2] }

func (h *history) pause() {
	p := &wire.Pause{Namespace: []string{"", "a", "b"}[h.random.IntN(3)], Revision: 1, Paused: true}
	for _, e := range h.written {
		if e.pause != nil && e.pause.Namespace == p.Namespace {
			p.Revision, p.Paused, p.EffectiveFrom = e.pause.Revision+1, !e.pause.Paused, e.pause.EffectiveFrom
		}
	}
	p.EffectiveFrom = h.lately(p.EffectiveFrom)
	h.append(&edit{pause: p})
}

func (h *history) append(e *edit) {
	h.written = append(h.written, e)
	h.outbox = append(h.outbox, e)
}

// relay publishes the oldest row of the outbox, not always once.
func (h *history) relay() {
	if len(h.outbox) == 0 {
		return
	}
	h.publish(h.outbox[0])
	if h.harsh || h.random.IntN(5) > 0 {
		h.outbox = h.outbox[1:]
	}
}

// publish appends to JOBS, which keeps so many messages of a subject.
func (h *history) publish(e *edit) {
	h.sequence++
	stored := *e
	stored.sequence = h.sequence
	h.stream = append(h.stream, &stored)
	var same []int
	for i, other := range h.stream {
		if other.subject() == e.subject() {
			same = append(same, i)
		}
	}
	if len(same) > topology.RevisionsKept {
		h.stream = slices.Delete(h.stream, same[0], same[0]+1)
	}
}

// resync empties JOBS, of which the planners have read all, and fills it anew with
// the newest revisions that it had.
func (h *history) resync() {
	for _, n := range h.planners {
		h.deliver(n, len(h.stream))
	}
	newest := map[string]*edit{}
	for _, e := range h.written {
		if !slices.Contains(h.outbox, e) {
			newest[e.subject()] = e
		}
	}
	h.stream = nil
	for _, subject := range slices.Sorted(maps.Keys(newest)) {
		e := *newest[subject]
		if e.def.Republished = true; e.pause != nil {
			republished := *e.pause
			republished.Republished = true
			e.pause = &republished
		}
		h.publish(&e)
	}
}

func (h *history) start() *narrator {
	n := &narrator{agenda: agenda.New(), marks: map[int]wire.Mark{}, versions: map[int]int{}}
	h.deliver(n, len(h.stream))
	return n
}

// deliver lets a planner read some more of JOBS.
func (h *history) deliver(n *narrator, count int) {
	for _, e := range h.stream {
		if e.sequence <= n.read || count == 0 {
			continue
		}
		count--
		n.read = e.sequence
		n.known = append(n.known, e)
		if e.pause != nil {
			n.agenda.Pause(*e.pause, e.sequence)
			continue
		}
		r, err := agenda.NewRevision(&wire.Brief{Definition: e.def})
		if err != nil {
			h.err = err
			return
		}
		n.agenda.Apply(e.def.ID, r, e.sequence)
	}
	if len(h.stream) == 0 || n.read == h.stream[len(h.stream)-1].sequence {
		n.agenda.Know(h.sequence)
		n.read = h.sequence
	}
}

// own has a planner start from a mark, once it knows all that the mark had seen.
func (h *history) own(n *narrator, p int) {
	if n.read < h.marks[p].Seen {
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
	batch := h.collect(n, faults)
	if batch.Empty() {
		return false
	}
	fault := h.random.IntN(6)
	given := faults && fault < 2
	stale := faults && fault == 0
	for p := range batch.Marks {
		stale = stale || n.versions[p] != h.versions[p]
	}
	if !stale {
		h.store(n, batch)
	}
	for p := range batch.Marks {
		if stale || given {
			h.own(n, p)
			continue
		}
		n.marks[p], n.versions[p] = h.marks[p], h.versions[p]
		n.agenda.Stored(p, n.marks[p])
	}
	return true
}

func (h *history) store(n *narrator, batch *Batch) {
	for i := range batch.Decisions {
		d := &batch.Decisions[i]
		if d.Kind() == carillon.KindBackfill {
			continue
		}
		h.planned[d.Job][d.At]++
		r := inForce(n.known, d.Job, d.At)
		if !h.harsh && (r == nil || !r.fires(d.At) || r.def.Revision != d.Revision.Number) {
			h.err = fmt.Errorf("%s planned under revision %d, the planner knew %+v", d.At, d.Revision.Number, r)
		}
	}
	for p, mark := range batch.Marks { // over the wire, as a successor reads it
		h.versions[p]++
		mark.Batch = uint64(h.versions[p])
		decoded, err := wire.Decode[wire.Mark](wire.Encode(mark))
		if err != nil {
			h.err = err
		}
		h.marks[p] = decoded
	}
}

// collect makes a batch of what is due, or of a gap that some backfill asks for.
func (h *history) collect(n *narrator, gaps bool) *Batch {
	job := h.jobs[h.random.IntN(len(h.jobs))]
	_, owned := n.marks[carillon.PartitionOf(job)]
	if newest := n.agenda.Newest(job); gaps && owned && newest != nil && h.random.IntN(3) == 0 {
		fire := agenda.Fire{At: noon, Job: job, Revision: newest}
		return Fill(n.agenda, n.marks, []Gap{{Fire: fire, Backfill: uuid.UUID{1}, Done: 1}})
	}
	return Collect(n.agenda, h.now, n.marks, nil)
}
