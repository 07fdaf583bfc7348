package wire

import (
	"encoding/json"
	"fmt"
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
}

// Call is the part of a ready message that all runs of one revision share.
type Call struct {
	JobID     uuid.UUID       `json:"job_id"`
	Job       string          `json:"job"`
	Namespace string          `json:"namespace"`
	Revision  int64           `json:"revision"`
	Queue     string          `json:"queue"`
	Target    carillon.Target `json:"target"`
	Retry     carillon.Retry  `json:"retry"`
}

// ParseReady reads a ready message: the value of its [RunHeader] and its body.
func ParseReady(header string, body []byte) (Run, Call, error) {
	run, err := ParseRun(header)
	if err != nil {
		return run, Call{}, err
	}
	call, err := ParseCall(body)
	return run, call, err
}

// ParseRun reads the value of a [RunHeader].
func ParseRun(header string) (run Run, err error) {
	if err := json.Unmarshal([]byte(header), &run); err != nil {
		return run, fmt.Errorf("wire: %s header: %w", RunHeader, err)
	}
	return run, nil
}

// ParseCall reads the body of a ready message.
func ParseCall(body []byte) (call Call, err error) {
	if err := json.Unmarshal(body, &call); err != nil {
		return call, fmt.Errorf("wire: call: %w", err)
	}
	return call, nil
}
