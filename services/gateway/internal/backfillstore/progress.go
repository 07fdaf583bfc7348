package backfillstore

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// State is where a backfill is in its life.
type State string

// The states.
const (
	Running   State = "running"   // runs are being handed out
	Draining  State = "draining"  // all have been handed out, and some have not ended
	Ended     State = "ended"     // nothing is left to be run
	Cancelled State = "cancelled" // somebody stopped it
	Stalled   State = "stalled"   // JOBS has lost it: it does not go on
)

// Progress is a backfill and how far it is.
type Progress struct {
	Backfill
	State   State                  `json:"state" enum:"running,draining,ended,cancelled,stalled" doc:"A backfill is stalled when NATS has lost it: it does not go on, and another one of the same range runs what it left."`
	Runs    map[carillon.State]int `json:"runs" doc:"Its runs by their state."`
	Waiting int                    `json:"waiting" doc:"Fires without a row in the ledger: to be handed out, or in the queue."`
}

// Get returns a backfill and how far it is. It fails with ErrNotFound or
// ErrUnavailable.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (Progress, error) {
	b, err := s.one(ctx, id)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{Backfill: b, Runs: map[carillon.State]int{}}
	if err := s.countRuns(ctx, &p); err != nil {
		return p, err
	}
	p.State, err = s.state(ctx, &p)
	return p, err
}

func (s *Store) countRuns(ctx context.Context, p *Progress) error {
	var fires []time.Time
	if err := s.pool.QueryRow(ctx, `SELECT fires FROM backfills WHERE id = $1`, p.ID).Scan(&fires); err != nil {
		return fmt.Errorf("read backfill: %w", err)
	}
	ids := make([]uuid.UUID, len(fires))
	for i, at := range fires {
		ids[i] = carillon.NewRunID(p.ID, carillon.KindBackfill, at)
	}
	rows, err := s.pool.Query(ctx, `
		SELECT state, count(*) FROM runs
		WHERE job_id = $1 AND kind = 'backfill' AND fire_time >= $2 AND fire_time < $3 AND id = ANY($4) GROUP BY state`,
		p.JobID, p.From, p.To, ids)
	if err != nil {
		return fmt.Errorf("count runs: %w", err)
	}
	p.Waiting = p.Count
	var state carillon.State
	var n int
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error {
		p.Runs[state] = n
		p.Waiting -= n
		return nil
	})
	return err
}

// open counts the fires that have not come to an end.
func (p *Progress) open() int {
	n := p.Waiting
	for state, runs := range p.Runs {
		if !state.Final() {
			n += runs
		}
	}
	return n
}

func (s *Store) state(ctx context.Context, p *Progress) (State, error) {
	switch {
	case p.CancelledAt != nil:
		return Cancelled, nil
	case p.open() == 0:
		return Ended, nil
	}
	message, held, err := s.held(ctx, s.pool, p.JobID, p.ID)
	switch {
	case err != nil:
		return "", err
	case !held:
		return Stalled, nil
	case !message.Ended:
		return Running, nil
	}
	return s.drained(ctx, p.JobID)
}

// drained tells a backfill that was handed out from one that ended with its job.
func (s *Store) drained(ctx context.Context, job uuid.UUID) (State, error) {
	var exists bool
	if err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM jobs WHERE id = $1)`, job).Scan(&exists); err != nil || exists {
		return Draining, err
	}
	return Ended, nil
}
