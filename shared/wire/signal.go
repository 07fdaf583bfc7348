package wire

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Alert says that something is wrong with a job, or is not any more. It stands
// under topology.AlertSignal. Per job and kind one alert is open at most: to say
// it again changes nothing, and an end of what did not begin neither. What nobody
// says again for a day ends by itself. It names no fire: what is wrong is so whether
// an older fire comes to light or a newer one.
type Alert struct {
	JobID  uuid.UUID          `json:"job_id"`
	Kind   carillon.AlertKind `json:"kind"`
	Firing bool               `json:"firing"`
	// Reason is a short sentence for people.
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Ping is what a job that runs elsewhere says of itself. It stands under
// topology.PingSignal.
type Ping struct {
	Event PingEvent `json:"event"`
	// ExitCode is what the job said that it ended with; nil if it did not.
	ExitCode *int `json:"exit_code,omitempty"`
	// Message is the start of what it had to say.
	Message string    `json:"message,omitempty"`
	At      time.Time `json:"at"`
}

// PingEvent is what a ping says.
type PingEvent string

// The events.
const (
	PingStart   PingEvent = "start"
	PingSuccess PingEvent = "success"
	PingFail    PingEvent = "fail"
)
