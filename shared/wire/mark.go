package wire

import (
	"bytes"
	"time"

	"github.com/google/uuid"
)

// Mark is the durable cursor of a partition. Every fire at or before
// (At, Job), in the order of [Mark.Covers], has been planned, but for the jobs
// in Behind. It is written in the same atomic batch as the fires it covers, so
// a fire is planned exactly when the mark passes it.
type Mark struct {
	At  time.Time `json:"at"`
	Job uuid.UUID `json:"job"`
	// Planner names who wrote the mark.
	Planner string `json:"planner"`
	// Seen is the sequence in JOBS up to which definitions had been read when
	// the mark was written. A definition beyond it is news: its job is planned
	// from its effective instant on, even where that lies before At.
	Seen uint64 `json:"seen"`
	// Behind holds, for each job whose planning lags the mark, the last of its
	// fire times that was planned.
	Behind map[uuid.UUID]time.Time `json:"behind,omitempty"`
}

// Covers reports whether a fire lies at or before the mark. Fires are ordered
// by instant, then by job id, so that a mark can stop in the middle of a herd.
func (m Mark) Covers(at time.Time, job uuid.UUID) bool {
	if !at.Equal(m.At) {
		return at.Before(m.At)
	}
	return bytes.Compare(job[:], m.Job[:]) <= 0
}

// Same reports whether two marks stand at the same fire.
func (m Mark) Same(other Mark) bool { return m.At.Equal(other.At) && m.Job == other.Job }
