package agenda

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// reach is how far behind a mark news can still change something. It is longer
// than the gateway and NATS are away together without anybody seeing to it, and
// as short as the marks, which remember for that long, have to be small.
const reach = time.Hour

// mostPlanned bounds what a mark remembers of that: beyond it, its floor rises.
const mostPlanned = 1000

// backlog is the jobs of an owned partition about which its mark alone does not
// say what has been planned.
type backlog struct {
	floor   time.Time          // of the mark
	lagging map[uuid.UUID]*job // may have fires to plan that lie before the mark
	settled map[uuid.UUID]*job // have none, but did: further news may go back there
}

func newBacklog(floor time.Time) backlog {
	return backlog{floor: floor, lagging: map[uuid.UUID]*job{}, settled: map[uuid.UUID]*job{}}
}

// mayLag takes in a job, until a mark proves otherwise.
func (b *backlog) mayLag(j *job) {
	b.lagging[j.id] = j
	delete(b.settled, j.id)
}

// holds reports whether a mark has something to say of a job.
func (b *backlog) holds(j *job) bool { return b.lagging[j.id] != nil || b.settled[j.id] != nil }

// lags reports whether a mark covers a fire that is still to be planned.
func (j *job) lags(mark wire.Mark) bool { return j.index >= 0 && mark.Covers(j.next.At, j.id) }

// Late counts the jobs that may lag their partition's mark.
func (a *Agenda) Late() int {
	n := 0
	for p := range a.partitions {
		n += len(a.partitions[p].lagging)
	}
	return n
}

// Stamp writes into a partition's mark, which stands at the last fire planned,
// what else its successor has to know. Behind is nil in all normal times.
func (a *Agenda) Stamp(partition int, mark wire.Mark) wire.Mark {
	b := &a.partitions[partition].backlog
	b.sort(mark)
	b.raise(mark.At.Add(-reach))
	mark.Seen, mark.Floor, mark.Behind = a.seen, b.floor, b.progress()
	return mark
}

// sort finds out which jobs lag a mark.
func (b *backlog) sort(mark wire.Mark) {
	for id, j := range b.lagging {
		if !j.lags(mark) {
			delete(b.lagging, id)
			b.settled[id] = j
		}
	}
}

// raise lifts the floor to an instant at least, and forgets what lies below it.
func (b *backlog) raise(floor time.Time) {
	if all := b.planned(); len(all) > mostPlanned {
		slices.SortFunc(all, time.Time.Compare)
		floor = latest(floor, all[len(all)-mostPlanned-1])
	}
	b.floor = latest(b.floor, floor)
	for id, j := range b.settled {
		j.settle(b.floor)
		if len(j.planned) == 0 {
			delete(b.settled, id)
		}
	}
}

// planned lists how far everything reaches that is remembered as planned.
func (b *backlog) planned() []time.Time {
	var all []time.Time
	for _, j := range b.settled {
		for _, p := range j.planned {
			all = append(all, p.Until)
		}
	}
	return all
}

func (b *backlog) progress() map[uuid.UUID]wire.Progress {
	if len(b.lagging)+len(b.settled) == 0 {
		return nil
	}
	behind := make(map[uuid.UUID]wire.Progress, len(b.lagging)+len(b.settled))
	for _, jobs := range []map[uuid.UUID]*job{b.lagging, b.settled} {
		for id, j := range jobs {
			behind[id] = wire.Progress{At: j.cursor, Planned: slices.Clone(j.planned)}
		}
	}
	return behind
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
