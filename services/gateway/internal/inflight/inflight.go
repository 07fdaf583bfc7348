// Package inflight counts the runs of a queue that are in flight: queued, running,
// waiting for a retry or for a callback. The stream of runs knows, for a run's
// message is there until its outcome is stored; no table does.
package inflight

import (
	"context"
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrUnavailable says that NATS did not answer.
var ErrUnavailable = errors.New("NATS is not available")

// Counter counts runs. It is safe for concurrent use.
type Counter struct{ js jetstream.JetStream }

// New returns a counter of the runs in a JetStream.
func New(js jetstream.JetStream) *Counter { return &Counter{js: js} }

// InQueue returns how many runs of a queue are in flight. It fails with
// ErrUnavailable.
func (c *Counter) InQueue(ctx context.Context, queue string) (n uint64, err error) {
	stream, err := c.js.Stream(ctx, topology.RunsStream)
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
