package client

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Check is a job that runs elsewhere, and what was heard of it.
type Check struct {
	carillon.Check
	Status     carillon.CheckStatus `json:"status"`
	PingedAt   *time.Time           `json:"pinged_at,omitempty"`
	StartedAt  *time.Time           `json:"started_at,omitempty"`
	ExpectedAt *time.Time           `json:"expected_at,omitempty"`
	DeadlineAt *time.Time           `json:"deadline_at,omitempty"`
	ExitCode   *int                 `json:"exit_code,omitempty"`
	Message    string               `json:"message,omitempty"`
}

// PingURL is the address that the check's job has to call, if the key may know it;
// "" otherwise.
func (c *Client) PingURL(check Check) string {
	if check.Token == uuid.Nil {
		return ""
	}
	return c.base + carillon.PingPath + check.Token.String()
}
