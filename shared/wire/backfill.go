package wire

import (
	"time"

	"github.com/google/uuid"
)

// Backfill asks for fires of the past to be run, one by one and no faster than
// Rate, in the queue low and under the job's newest revision. It stands under
// topology.Backfill. A run of it has the id
//
//	carillon.NewRunID(backfill.ID, carillon.KindBackfill, fire)
//
// so that the same fire can be asked for again by another backfill. While the job
// is paused its backfills wait; when it is deleted they end.
type Backfill struct {
	ID    uuid.UUID `json:"id"`
	JobID uuid.UUID `json:"job_id"`
	// Fires are the fire times, ascending and distinct.
	Fires []time.Time `json:"fires,omitempty"`
	// Rate is the most runs started in a second, from 1.
	Rate int `json:"rate,omitempty"`
	// Ended says that nothing more is to be run: all has been, or somebody stopped
	// it. Then it holds no fires.
	Ended bool `json:"ended,omitempty"`
}

// MaxBackfill bounds the fires of one backfill: with 25 bytes each they fit into
// one message.
const MaxBackfill = 10_000
