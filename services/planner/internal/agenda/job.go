package agenda

import (
	"bytes"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// job is a line of revisions and how far it has been planned.
type job struct {
	id        uuid.UUID
	partition int
	revisions []*Revision    // by number; the last is the newest
	cursor    time.Time      // every fire at or before it is planned
	planned   []wire.Planned // what is planned beyond it
	next      Fire           // valid while index >= 0
	index     int            // place in the heap, or -1
	last      uint64         // sequence of its last message in JOBS
	edited    bool           // has had more than one revision
}

func (j *job) newest() *Revision { return j.revisions[len(j.revisions)-1] }

// arrive lets the revision at i take effect on a job that has been planned under
// the ones before it. Where it comes too late, the cursor goes back to its
// beginning, but not behind the floor, and what has been planned from there on is
// remembered.
func (j *job) arrive(i int, floor time.Time) {
	start := j.revisions[i].From.Add(-1)
	if start.Before(floor) {
		start = floor
	}
	if i == 0 {
		j.cursor, j.planned = start, nil
		return
	}
	if start.Before(j.cursor) {
		j.planned = append(j.planned, wire.Planned{Revision: j.revisions[i-1].Number, Until: j.cursor})
		j.cursor = start
	}
}

// resume sets the cursor by what the mark of the job's partition says: it is
// planned up to there under the revisions that the mark had seen, and the others
// are news.
func (j *job) resume(mark wire.Mark) {
	seen := 0
	for seen < len(j.revisions) && j.revisions[seen].sequence <= mark.Seen {
		seen++
	}
	j.cursor, j.planned = coveredBy(mark, j.id), nil
	if progress, ok := mark.Behind[j.id]; ok {
		j.cursor, j.planned = progress.At, slices.Clone(progress.Planned)
	}
	if seen == 0 && j.revisions[0].Number > 1 {
		return // so many revisions are news that those the mark had seen are gone
	}
	if seen == 0 && j.revisions[0].From.Before(mark.Floor) {
		seen = 1 // JOBS was filled anew: the job began long before, and was planned
	}
	for i := seen; i < len(j.revisions); i++ {
		j.arrive(i, mark.Floor)
	}
}

// coveredBy is the instant up to which a mark covers all fires of a job.
func coveredBy(mark wire.Mark, id uuid.UUID) time.Time {
	if mark.Covers(mark.At, id) {
		return mark.At
	}
	return mark.At.Add(-1)
}

// seek finds the first fire that is not planned, and reports whether there is
// one. It forgets nothing: the cursor may be put back.
func (j *job) seek() (ok bool) {
	j.next, ok = j.following(j.cursor)
	return ok
}

// following returns the first fire after an instant that is not planned. The
// instant is not before the cursor.
func (j *job) following(after time.Time) (Fire, bool) {
	for i, r := range j.revisions {
		at, ok := r.next(after)
		for ok && j.holds(i, at) && j.wasPlanned(at) {
			at, ok = r.next(at)
		}
		if ok && j.holds(i, at) {
			return Fire{At: at, Job: j.id, Revision: r}, true
		}
	}
	return Fire{}, false
}

// holds reports whether the revision at i, having begun, still holds at an
// instant: until any later one begins.
func (j *job) holds(i int, at time.Time) bool {
	for _, later := range j.revisions[i+1:] {
		if !later.From.After(at) {
			return false
		}
	}
	return true
}

// wasPlanned reports whether a fire beyond the cursor is planned already.
func (j *job) wasPlanned(at time.Time) bool {
	return slices.ContainsFunc(j.planned, func(p wire.Planned) bool {
		return !at.After(p.Until) && j.firedUnder(p.Revision, at)
	})
}

// firedUnder reports whether the job had a fire at an instant while the revision
// of a number was its newest.
func (j *job) firedUnder(number int64, at time.Time) bool {
	for _, r := range slices.Backward(j.revisions) {
		if r.Number <= number && !r.From.After(at) {
			fire, ok := r.next(at.Add(-1))
			return ok && fire.Equal(at)
		}
	}
	return false
}

// forget drops the oldest revisions while there are too many, or while they
// have ended long before the newest one; but none that spared asks for.
func (j *job) forget(spared func(ended time.Time) bool) {
	long := j.newest().From.Add(-memory)
	for len(j.revisions) > 1 {
		second := j.revisions[1]
		enough := len(j.revisions) <= topology.RevisionsKept && second.From.After(long)
		if enough || spared(second.From) || j.remembers(second.Number) {
			return
		}
		j.revisions = j.revisions[1:]
	}
}

// remembers reports whether something was planned under revisions below a number.
func (j *job) remembers(number int64) bool {
	return slices.ContainsFunc(j.planned, func(p wire.Planned) bool { return p.Revision < number })
}

// settle drops what was planned beyond the cursor up to an instant, behind
// which the cursor never goes back.
func (j *job) settle(floor time.Time) {
	j.planned = slices.DeleteFunc(j.planned, func(p wire.Planned) bool { return !p.Until.After(floor) && !p.Until.After(j.cursor) })
}

// before is the order of planning: by fire time, then by job id.
func (j *job) before(other *job) bool {
	if c := j.next.At.Compare(other.next.At); c != 0 {
		return c < 0
	}
	return bytes.Compare(j.id[:], other.id[:]) < 0
}
