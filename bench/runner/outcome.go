package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// patience is how long the runs of one measuring may take.
const patience = 2 * time.Minute

// outcomes is how the stream of outcomes stands.
func (r *runner) outcomes(ctx context.Context) (jetstream.StreamState, error) {
	stream, err := r.nats.JS.Stream(ctx, topology.OutcomesStream)
	if err != nil {
		return jetstream.StreamState{}, err
	}
	return stream.CachedInfo().State, nil
}

// await waits until an outcome is stored, and returns when it was, by the clock of
// the server.
func (r *runner) await(ctx context.Context, last uint64) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		state, err := r.outcomes(ctx)
		if err == nil && state.LastSeq >= last {
			return state.LastTime, nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("%d outcomes, not %d: %w", state.LastSeq, last, ctx.Err())
		case <-time.After(50 * time.Millisecond): // to ask costs the server next to nothing
		}
	}
}
