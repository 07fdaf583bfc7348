package agenda

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"
)

// job is a line of revisions and its next fire.
type job struct {
	id        uuid.UUID
	partition int
	revisions []*Revision // by number; the last is the newest
	next      Fire        // valid while index >= 0
	index     int         // place in the heap, or -1
	last      uint64      // sequence of its last message in JOBS
	edited    bool        // has had more than one revision
}

func (j *job) newest() *Revision { return j.revisions[len(j.revisions)-1] }

// following returns the job's first fire after an instant, whatever else there is.
func (j *job) following(after time.Time) (Fire, bool) {
	for i, r := range j.revisions {
		if at, ok := r.next(after); ok && j.holds(i, at) {
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

// held returns the revision that held at an instant, by what stood up to a sequence
// in JOBS; nil if there was none. It is not known if JOBS had dropped or lost what
// held then before this planner read it.
func (j *job) held(at time.Time, seen uint64) (held *Revision, known bool) {
	for i, r := range slices.Backward(j.revisions) {
		if !r.newsTo(seen) && !r.From.After(at) {
			complete := i == len(j.revisions)-1 || j.revisions[i+1].Number == r.Number+1
			return r, complete && r.sequence <= seen
		}
	}
	return nil, j.revisions[0].Number == 1
}

// before is the order of planning: by fire time, then by job id.
func (j *job) before(other *job) bool {
	if c := j.next.At.Compare(other.next.At); c != 0 {
		return c < 0
	}
	return bytes.Compare(j.id[:], other.id[:]) < 0
}
