// Package whereabouts finds the fires of which the ledger has no row yet.
//
// A fire without a row need not be lost. The planner may have yet to decide it, or
// to hear of what it follows from, or hold it until an earlier run of its job has ended; its run may be in its queue,
// or its outcome on its way to Postgres:
//
//	mark ──▶ RUNS ──▶ OUTCOMES ──▶ ledger
//
// A fire leaves each place only after it has come to the next. So whoever looks in
// this order, and at the ledger last and anew, sees it somewhere, and what is
// nowhere is lost.
package whereabouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// ErrUnavailable says that NATS could not be asked.
var ErrUnavailable = errors.New("NATS is not available")

// Streams is what NATS knows of a job.
type Streams interface {
	// Underway returns the mark of a job's partition, short of all that the planner has
	// yet to hear of the job, and zero if there is none yet; and the fires that it holds,
	// or that have left it and may not be in the ledger. It looks in the order in which
	// fires move, and fails with backfillstore.ErrBusy if they are too many.
	Underway(ctx context.Context, job uuid.UUID, namespace string) (wire.Mark, []time.Time, error)
}

// Ledger is where fires end up.
type Ledger interface {
	// States returns the states of those of some runs that have a row.
	States(ctx context.Context, runs []uuid.UUID) (map[uuid.UUID]carillon.State, error)
}

// Finder finds fires. It is safe for concurrent use if what it asks is.
type Finder struct {
	streams Streams
	ledger  Ledger
}

// NewFinder returns a finder that asks NATS and the ledger.
func NewFinder(streams Streams, ledger Ledger) *Finder { return &Finder{streams, ledger} }

// Find returns, by run id, the states of the runs of some fires: as the ledger has
// them, or queued for those that have yet to come there. The fires of one job are
// beside each other. Those of a job of which too many runs are under way to tell
// which count as queued. It fails with ErrUnavailable, or if the ledger does.
func (f *Finder) Find(ctx context.Context, fires []audit.Fire) (map[uuid.UUID]carillon.State, error) {
	found := map[uuid.UUID]carillon.State{}
	var ids []uuid.UUID
	for begin, end := 0, 0; begin < len(fires); begin = end {
		for end < len(fires) && fires[end].JobID == fires[begin].JobID {
			ids = append(ids, fires[end].RunID())
			end++
		}
		if err := f.waiting(ctx, fires[begin:end], found); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	recorded, err := f.ledger.States(ctx, ids)
	for id, state := range recorded {
		found[id] = state
	}
	return found, err
}

// waiting notes which fires of one job are somewhere in NATS.
func (f *Finder) waiting(ctx context.Context, fires []audit.Fire, found map[uuid.UUID]carillon.State) error {
	job := fires[0].JobID
	mark, coming, err := f.streams.Underway(ctx, job, fires[0].Namespace)
	busy := errors.Is(err, backfillstore.ErrBusy)
	if err != nil && !busy {
		return err
	}
	under := map[int64]bool{}
	for _, at := range coming {
		under[at.UnixNano()] = true
	}
	for _, fire := range fires {
		if busy || under[fire.FireTime.UnixNano()] || !mark.Covers(fire.FireTime, job) {
			found[fire.RunID()] = carillon.StateQueued
		}
	}
	return nil
}
