package agenda

import (
	"bytes"
	"time"

	"github.com/google/uuid"
)

// job is a line of revisions and a cursor.
type job struct {
	id        uuid.UUID
	partition int
	revisions []*Revision // by From; the last is the newest
	cursor    time.Time   // every fire at or before it is planned
	next      Fire        // valid while index >= 0
	index     int         // place in the heap, or -1
}

func (j *job) newest() *Revision { return j.revisions[len(j.revisions)-1] }

// add appends a newer revision. Revisions that would only have begun after it
// never come to hold.
func (j *job) add(r *Revision) {
	for len(j.revisions) > 0 && !j.newest().From.Before(r.From) {
		j.revisions = j.revisions[:len(j.revisions)-1]
	}
	j.revisions = append(j.revisions, r)
}

// forget drops the revisions that had ended by an instant.
func (j *job) forget(ended time.Time) {
	for len(j.revisions) > 1 && !j.revisions[1].From.After(ended) {
		j.revisions = j.revisions[1:]
	}
}

// seek finds the first fire after the cursor, and reports whether there is one.
// It forgets nothing: the cursor may be put back.
func (j *job) seek() bool {
	for i, r := range j.revisions {
		at, ok := r.next(j.cursor)
		if ok && (i+1 == len(j.revisions) || at.Before(j.revisions[i+1].From)) {
			j.next = Fire{At: at, Job: j.id, Revision: r}
			return true
		}
	}
	return false
}

// before is the order of planning: by fire time, then by job id.
func (j *job) before(other *job) bool {
	if c := j.next.At.Compare(other.next.At); c != 0 {
		return c < 0
	}
	return bytes.Compare(j.id[:], other.id[:]) < 0
}
