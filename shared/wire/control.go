package wire

import (
	"time"

	"github.com/google/uuid"
)

// Cancel is a value of the controls bucket. Under topology.CancelRunKey it
// cancels that run; under topology.CancelJobKey every run of the job whose fire
// time lies before Before. It reaches a run wherever it is: queued, in a call, or
// waiting for a retry. A run that has ended stays as it is.
//
// A planner that replaces a run writes, under topology.CancelJobKey(job):
//
//	wire.Cancel{JobID: job, Before: fireTime, At: now, Reason: "replaced by a later fire"}
type Cancel struct {
	// JobID is the job of what is cancelled; it finds a parked retry.
	JobID uuid.UUID `json:"job_id"`
	// Before is set for a job: only runs with an earlier fire time are meant.
	Before time.Time `json:"before,omitzero"`
	// At is when the cancellation was asked for. Of a job, only runs planned by
	// then are meant: a fire of the past that is planned later, to catch up or to
	// fill a gap, is wanted.
	At time.Time `json:"at"`
	// Reason is a short sentence; the ledger keeps it as the run's reason.
	Reason string `json:"reason"`
}

// Covers reports whether a cancellation of a job means one of the job's runs.
func (c *Cancel) Covers(run *Run) bool {
	return run.FireTime.Before(c.Before) && !run.PlannedAt.After(c.At)
}

// Cooldown is a value of the controls bucket, under topology.Cooldown: a host asked
// not to be called until an instant.
type Cooldown struct {
	// Host is a name or an address, in lower case, with the port unless it is the
	// one that the scheme implies.
	Host  string    `json:"host"`
	Until time.Time `json:"until"`
}
