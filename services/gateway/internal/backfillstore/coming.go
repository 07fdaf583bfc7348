package backfillstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfill"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Streams is what NATS knows of a job. Its methods are safe for concurrent use.
type Streams interface {
	// Backfill returns the message of a backfill; false if JOBS has none.
	Backfill(ctx context.Context, job, id uuid.UUID) (Message, bool, error)
	// Underway returns the mark of a job's partition, short of all that the planner has
	// yet to hear of the job, and zero if there is none yet; and the fires that it holds,
	// or that have left it and may not be in the ledger: decided against, queued, running,
	// waiting for a retry, or ended and on their way to Postgres; not those of manual
	// runs. It looks in the order in which fires move, and fails with ErrBusy if they are
	// too many.
	Underway(ctx context.Context, job uuid.UUID, namespace string) (wire.Mark, []time.Time, error)
}

// fillComing notes the fires of a job that have no row yet and will get one: those
// that the planner has yet to decide, and those in NATS. The ledger is read after it,
// so nothing slips through between two looks.
func (s *Store) fillComing(ctx context.Context, known *backfill.Ledger, revisions []*audit.Revision, pauses []audit.Pause, fires []time.Time) error {
	mark, coming, err := s.streams.Underway(ctx, revisions[0].Job, revisions[0].Namespace)
	if err != nil {
		return unavailable(err)
	}
	known.AddUndecided(mark, revisions, pauses, fires)
	known.AddAllWaiting(coming)
	return nil
}

func unavailable(err error) error {
	if errors.Is(err, ErrBusy) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
