// Package cancellation asks for runs to be stopped.
//
// The order goes into the controls bucket, which every runner follows; the
// runners do the rest, and what came of it is in the ledger and the feed. An order
// is kept for two days, so it also reaches a run that nobody can get at now. The
// same order again is harmless.
//
// A run is known here by its row in the ledger, and by nothing else. A run of a
// schedule that has waited in its queue since it was planned has none yet, and its
// id tells neither job nor namespace: an order for it could not be checked against
// what the caller may do, and one for an id that never was would be kept as well.
//
// The row may be behind the run. So an order for a run that has just ended is
// taken, and changes nothing: no runner has such a run in hand any more.
package cancellation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// The refusals.
var (
	// ErrEnded says that there is nothing left to stop.
	ErrEnded = errors.New("the run has ended")
	// ErrUnavailable says that NATS did not take the order. It may hold all the same.
	ErrUnavailable = errors.New("NATS is not available")
)

// Put stores a value in the controls bucket.
type Put func(ctx context.Context, key string, value []byte) error

// Canceller writes orders. It is safe for concurrent use if its Put is.
type Canceller struct{ put Put }

// New returns a canceller that writes with put.
func New(put Put) *Canceller { return &Canceller{put: put} }

// Cancel orders a run to be stopped, in the name of whoever asked for it. It
// fails with ErrEnded or ErrUnavailable.
func (c *Canceller) Cancel(ctx context.Context, run ledger.Run, by string) error {
	if run.State.Final() {
		return fmt.Errorf("%w: it is %s", ErrEnded, run.State)
	}
	order := wire.Cancel{JobID: run.JobID, At: time.Now().UTC(), Reason: "cancelled by " + by}
	if err := c.put(ctx, topology.CancelRunKey(run.ID), wire.Encode(order)); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}
