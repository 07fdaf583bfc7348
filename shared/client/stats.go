package client

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Stats are the statistics of a job's runs.
type Stats struct {
	JobID         uuid.UUID                `json:"job_id"`
	Counts        map[carillon.State]int64 `json:"counts"`
	SuccessStreak int                      `json:"success_streak"`
	FailureStreak int                      `json:"failure_streak"`
	LastRun       *LastRun                 `json:"last_run,omitempty"`
	LastSuccess   *LastRun                 `json:"last_success,omitempty"`
	FailureShare  *float64                 `json:"failure_share,omitempty"`
	Duration      *Spread                  `json:"duration,omitempty"`
	Lateness      *Spread                  `json:"lateness,omitempty"`
	Recent        struct {
		FailureShare *float64           `json:"failure_share,omitempty"`
		Duration     *carillon.Duration `json:"duration,omitempty"`
	} `json:"recent"`
}

// LastRun is a run that statistics name; of a success without its state and start.
type LastRun struct {
	ID         uuid.UUID      `json:"id"`
	Kind       carillon.Kind  `json:"kind,omitempty"`
	FireTime   time.Time      `json:"fire_time"`
	State      carillon.State `json:"state,omitempty"`
	StartedAt  time.Time      `json:"started_at,omitzero"`
	FinishedAt time.Time      `json:"finished_at,omitzero"`
}

// Spread is how long something takes.
type Spread struct {
	Mean carillon.Duration `json:"mean"`
	P50  carillon.Duration `json:"p50"`
	P90  carillon.Duration `json:"p90"`
	P99  carillon.Duration `json:"p99"`
}
