package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// tombstoneTTL is how long the news of a deletion stays in the stream. A planner
// that was away for longer loads the stream anew.
const tombstoneTTL = 7 * 24 * time.Hour

// publish sends all rows in order, then waits until the server has them all.
func (r *Relay) publish(ctx context.Context, batch []row) error {
	futures := make([]jetstream.PubAckFuture, 0, len(batch))
	for _, row := range batch {
		future, err := r.js.PublishMsgAsync(&nats.Msg{Subject: row.Subject, Data: row.Payload}, options(row)...)
		if err != nil {
			return errors.Join(fmt.Errorf("publish %s: %w", row.Subject, err), await(ctx, futures))
		}
		futures = append(futures, future)
	}
	return await(ctx, futures)
}

func await(ctx context.Context, futures []jetstream.PubAckFuture) error {
	var failed error
	for _, future := range futures {
		select {
		case <-future.Ok():
		case err := <-future.Err():
			failed = fmt.Errorf("publish %s: %w", future.Msg().Subject, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return failed
}

func options(row row) []jetstream.PublishOpt {
	if isTombstone(row) {
		return []jetstream.PublishOpt{jetstream.WithMsgTTL(tombstoneTTL)}
	}
	return nil
}

// isTombstone reports whether a message says that its object was deleted: a
// queue's by an empty body, a job's by its mark.
func isTombstone(row row) bool {
	if !strings.HasPrefix(row.Subject, "job.") {
		return len(row.Payload) == 0
	}
	var mark struct {
		Deleted bool `json:"deleted"`
	}
	return json.Unmarshal(row.Payload, &mark) == nil && mark.Deleted
}
