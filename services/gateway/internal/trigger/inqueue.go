package trigger

import (
	"context"
	"fmt"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// InQueue returns how many runs of a queue are queued, running or waiting for a
// retry. It fails with ErrUnavailable.
func (t *Trigger) InQueue(ctx context.Context, queue string) (n uint64, err error) {
	stream, err := t.js.Stream(ctx, topology.RunsStream)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(topology.QueueRuns(queue)))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for _, messages := range info.State.Subjects {
		n += messages
	}
	return n, nil
}
