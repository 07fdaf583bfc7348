package wire

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// Wait is what a run that waits for its callback keeps of the attempt that was
// answered with 202.
type Wait struct {
	StartedAt time.Time `json:"started_at"`
	// Response is the start of the answer's body.
	Response string `json:"response,omitempty"`
}

// Report is how a wait for a callback ended.
type Report struct {
	// State is succeeded or failed.
	State carillon.State `json:"state"`
	// Class is timeout if the target did not call back in time, else empty.
	Class Class `json:"class,omitempty"`
	// Message is what the target had to say, or the reason of the timeout.
	Message string    `json:"message,omitempty"`
	At      time.Time `json:"at"`
}
