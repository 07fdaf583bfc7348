package wire

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// RunHeader is the message header that holds a [Run] as JSON.
const RunHeader = "Carillon-Run"

// Run is the part of a ready message that differs from run to run.
type Run struct {
	ID        uuid.UUID     `json:"id"`
	Kind      carillon.Kind `json:"kind"`
	FireTime  time.Time     `json:"fire_time"`
	PlannedAt time.Time     `json:"planned_at"`
	// Attempt is the number of the next HTTP request, from 1.
	Attempt int `json:"attempt"`
	// StartedAt is when the first attempt began; zero before it.
	StartedAt time.Time `json:"started_at,omitzero"`
	// Holds counts how often the run was parked instead of being called, and
	// HeldSince is the first time since the last attempt; nil if it was not.
	Holds     int        `json:"holds,omitempty"`
	HeldSince *time.Time `json:"held_since,omitempty"`
	// Redelivered counts the deliveries of the attempt that nobody answered, before
	// it was held: such an attempt may have been called.
	Redelivered int `json:"redelivered,omitempty"`
	// RedriveOf is the ended run that this one does again; nil for none.
	RedriveOf *uuid.UUID `json:"redrive_of,omitempty"`
	// Wait is set while the attempt's target has taken the run on and is to call
	// back.
	Wait *Wait `json:"wait,omitempty"`
}

// Next is the run at its next attempt.
func (r Run) Next() Run {
	r.Attempt++
	r.HeldSince, r.Wait, r.Redelivered = nil, nil, 0
	return r
}

// Call is the part of a ready message that all runs of one revision share.
type Call struct {
	JobID     uuid.UUID `json:"job_id"`
	Job       string    `json:"job"`
	Namespace string    `json:"namespace"`
	Revision  int64     `json:"revision"`
	Queue     string    `json:"queue"`
	// Labels are for those who watch runs.
	Labels map[string]string `json:"labels,omitempty"`
	Target carillon.Target   `json:"target"`
	Retry  carillon.Retry    `json:"retry"`
	// Deadline is how long a run may wait, from PlannedAt to its first call; 0 is
	// for ever.
	Deadline carillon.Duration `json:"deadline,omitempty"`
}
