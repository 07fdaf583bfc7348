package client

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Run is a line of the ledger.
type Run struct {
	ID         uuid.UUID      `json:"id"`
	JobID      uuid.UUID      `json:"job_id"`
	Job        string         `json:"job"`
	Namespace  string         `json:"namespace"`
	Revision   int64          `json:"revision"`
	Queue      string         `json:"queue"`
	Kind       carillon.Kind  `json:"kind"`
	FireTime   time.Time      `json:"fire_time"`
	State      carillon.State `json:"state"`
	Reason     string         `json:"reason,omitempty"`
	Attempts   int            `json:"attempts"`
	Status     *int           `json:"status,omitempty"`
	PlannedAt  time.Time      `json:"planned_at"`
	StartedAt  *time.Time     `json:"started_at,omitempty"`
	FinishedAt *time.Time     `json:"finished_at,omitempty"`
	// History are the attempts, in order; only where one run was asked for.
	History []Attempt `json:"history,omitempty"`
}

// Attempt is one HTTP request of a run.
type Attempt struct {
	Number     int        `json:"number"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Status     *int       `json:"status,omitempty"`
	Class      string     `json:"class,omitempty"`
	Error      string     `json:"error,omitempty"`
	Response   string     `json:"response,omitempty"`
}

// RedriveOrder says which ended runs to run again. For zero fields, the server has
// defaults.
type RedriveOrder struct {
	Namespace string           `json:"namespace,omitempty"`
	JobID     *uuid.UUID       `json:"job_id,omitempty"`
	States    []carillon.State `json:"states,omitempty"`
	From      time.Time        `json:"from"`
	To        *time.Time       `json:"to,omitempty"` // excluded
	Limit     int              `json:"limit,omitempty"`
	DryRun    bool             `json:"dry_run,omitempty"`
}

// Redrives is what became of a redrive in bulk, in runs.
type Redrives struct {
	Matched  int  `json:"matched"`
	More     bool `json:"more"`
	Started  int  `json:"started"`
	InFlight int  `json:"in_flight"`
	Gone     int  `json:"gone"`
}
