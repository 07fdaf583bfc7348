package wire

import (
	"bytes"
	"time"

	"github.com/google/uuid"
)

// Mark is the durable cursor of a partition. Every fire at or before
// (At, Job), in the order of [Mark.Covers], has been planned, but for the jobs
// in Behind and the fires in Held. It is written in the same atomic batch as the fires it covers, so
// a fire is planned exactly when the mark passes it.
type Mark struct {
	At  time.Time `json:"at"`
	Job uuid.UUID `json:"job"`
	// Planner names who wrote the mark, and Batch counts that planner's batches,
	// so that it recognises its own.
	Planner string `json:"planner"`
	Batch   uint64 `json:"batch"`
	// Seen is the sequence in JOBS up to which definitions had been read when
	// the mark was written. A revision beyond it is news: it is planned from its
	// effective instant on, even where that lies before At.
	Seen uint64 `json:"seen"`
	// Floor is the instant before which no news changes anything any more.
	Floor time.Time `json:"floor"`
	// Behind holds the jobs about which the mark alone does not say what has been
	// planned.
	Behind map[uuid.UUID]Progress `json:"behind,omitempty"`
	// Held lists, by job and in order, the fires that the mark has passed and
	// that wait for an earlier run of their job to end.
	Held map[uuid.UUID][]Held `json:"held,omitempty"`
}

// Held is a fire that waits, under the revision that held at its time.
type Held struct {
	At       time.Time `json:"at"`
	Revision int64     `json:"revision"`
}

// Progress is how far a job has been planned. Its fires up to At have been. Of
// its later ones, those in Planned have been too.
type Progress struct {
	At      time.Time `json:"at"`
	Planned []Planned `json:"planned,omitempty"`
}

// Planned stands for all fires that a job had up to an instant while Revision
// was its newest: the fires of what was planned before later revisions came in,
// too late.
type Planned struct {
	Revision int64     `json:"revision"`
	Until    time.Time `json:"until"`
}

// Covers reports whether a fire lies at or before the mark. Fires are ordered
// by instant, then by job id, so that a mark can stop in the middle of a herd.
func (m Mark) Covers(at time.Time, job uuid.UUID) bool {
	if !at.Equal(m.At) {
		return at.Before(m.At)
	}
	return bytes.Compare(job[:], m.Job[:]) <= 0
}

// Same reports whether two marks were written for the same batch.
func (m Mark) Same(other Mark) bool { return m.Planner == other.Planner && m.Batch == other.Batch }
