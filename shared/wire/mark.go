package wire

import (
	"bytes"
	"time"

	"github.com/google/uuid"
)

// Mark is the durable cursor of a partition: what it reaches has been planned,
// and so has what Past reaches; but for the fires in Held. It is written in the
// same atomic batch as the fires that it passes, so a fire is planned exactly
// when the mark says so.
type Mark struct {
	Reach
	// Past holds earlier reaches that go beyond this one, or did: late news made
	// the mark go back, and planning begin there anew, but for what they cover.
	Past []Reach `json:"past,omitempty"`
	// Floor is the instant before which no news changes anything any more: Past
	// does not go back further.
	Floor time.Time `json:"floor"`
	// Restored is set where the mark comes from a backup: the system that was backed
	// up may have planned fires up to this instant, beyond what the mark reaches. They
	// are skipped. Zero otherwise.
	Restored time.Time `json:"restored,omitzero"`
	// Planner names who wrote the mark, and Batch counts that planner's batches,
	// so that it recognises its own.
	Planner string `json:"planner"`
	Batch   uint64 `json:"batch"`
	// Held lists, by job and in order, the fires that the mark has passed and
	// that wait for an earlier run of their job to end.
	Held map[uuid.UUID][]Held `json:"held,omitempty"`
	// Backfills says how far each backfill has come that was begun and has not ended.
	Backfills map[uuid.UUID]Filled `json:"backfills,omitempty"`
}

// Filled is how many fires of a backfill have been handed out.
type Filled struct {
	Job  uuid.UUID `json:"job"`
	Done int       `json:"done"`
}

// Reach says how far planning had come: every fire at or before (At, Job), in the
// order of [Reach.Covers], that follows from the first messages of JOBS, up to the
// sequence Seen, has been planned.
type Reach struct {
	At   time.Time `json:"at"`
	Job  uuid.UUID `json:"job"`
	Seen uint64    `json:"seen"`
}

// Held is a fire that waits, under the revision that held at its time.
type Held struct {
	At       time.Time `json:"at"`
	Revision int64     `json:"revision"`
}

// Covers reports whether a fire lies at or before where the reach ends. Fires are
// ordered by instant, then by job id, so that a mark can stop in the middle of a
// herd.
func (r Reach) Covers(at time.Time, job uuid.UUID) bool {
	if !at.Equal(r.At) {
		return at.Before(r.At)
	}
	return bytes.Compare(job[:], r.Job[:]) <= 0
}

// Doubtful reports whether a fire that was not planned since the mark was restored
// may have been planned before.
func (m Mark) Doubtful(at time.Time) bool { return !at.After(m.Restored) }

// Same reports whether two marks were written for the same batch.
func (m Mark) Same(other Mark) bool { return m.Planner == other.Planner && m.Batch == other.Batch }
