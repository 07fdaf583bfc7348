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
	var run Run
	if err := json.Unmarshal([]byte(header), &run); err != nil {
		return run, Call{}, fmt.Errorf("wire: %s header: %w", RunHeader, err)
	}
	var call Call
	if err := json.Unmarshal(body, &call); err != nil {
		return run, call, fmt.Errorf("wire: call: %w", err)
	}
	return run, call, nil
}
