package client

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// BackfillOrder says which fires of the past to run. For zero fields, the server
// has defaults.
type BackfillOrder struct {
	From     time.Time  `json:"from"`
	To       *time.Time `json:"to,omitempty"` // excluded
	Mode     string     `json:"mode,omitempty"`
	Schedule string     `json:"schedule,omitempty"`
	Rate     int        `json:"rate,omitempty"` // most runs started in a second
	DryRun   bool       `json:"dry_run,omitempty"`
}

// BackfillPlan says what a backfill runs, or would run.
type BackfillPlan struct {
	ID       *uuid.UUID `json:"id,omitempty"` // nil if none was started
	JobID    uuid.UUID  `json:"job_id"`
	Job      string     `json:"job"`
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Mode     string     `json:"mode"`
	Schedule string     `json:"schedule"`
	Rate     int        `json:"rate"`

	Count    int               `json:"count"`
	Sample   []time.Time       `json:"sample"` // the first fires and the last
	Takes    carillon.Duration `json:"takes"`  // at the least
	UnderWay int               `json:"under_way"`
	Unknown  int               `json:"unknown"`
	Warnings []string          `json:"warnings"`
}

// Backfill is one that was started, and how far it is.
type Backfill struct {
	ID      uuid.UUID              `json:"id,omitzero"`
	JobID   uuid.UUID              `json:"job_id"`
	From    time.Time              `json:"from"`
	To      time.Time              `json:"to"`
	State   string                 `json:"state"`
	Count   int                    `json:"count"`
	Runs    map[carillon.State]int `json:"runs"`
	Waiting int                    `json:"waiting"`
	// WaitsFor says what keeps it from going on.
	WaitsFor []string `json:"waits_for"`
}

// Done counts the runs that have ended.
func (b *Backfill) Done() (n int) {
	for state, runs := range b.Runs {
		if state.Final() {
			n += runs
		}
	}
	return n
}

// Live reports whether more is to come of the backfill by itself.
func (b *Backfill) Live() bool { return b.State == "running" || b.State == "draining" }

// Backfill orders a backfill of a job.
func (c *Client) Backfill(ctx context.Context, job uuid.UUID, order BackfillOrder) (plan BackfillPlan, err error) {
	err = c.Do(ctx, http.MethodPost, "/jobs/"+job.String()+"/backfill", order, &plan)
	return plan, err
}

// ReadBackfill asks how far a backfill is.
func (c *Client) ReadBackfill(ctx context.Context, id uuid.UUID) (b Backfill, err error) {
	err = c.Do(ctx, http.MethodGet, "/backfills/"+id.String(), nil, &b)
	return b, err
}
