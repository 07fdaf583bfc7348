package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// tombstoneTTL is how long the news of a deletion stays in the stream. A planner
// that was away for longer loads the stream anew.
const tombstoneTTL = 7 * 24 * time.Hour

// publish sends all rows in order and returns the ids of those that are done. A
// row that fails stays, and so do the later ones of its subject, whatever became
// of them: the next pass sends them all again, in order.
func (r *Relay) publish(ctx context.Context, batch []row) (done []int64, failed error) {
	acks := make([]ack, len(batch))
	for i, row := range batch {
		acks[i] = r.send(row)
	}
	stuck := map[string]bool{}
	for i, row := range batch {
		if err := acks[i].wait(ctx); err != nil {
			failed = fmt.Errorf("publish %s: %w", row.Subject, err)
			stuck[row.Subject] = true
		}
		if !stuck[row.Subject] {
			done = append(done, row.ID)
		}
	}
	return done, failed
}

// ack is the server's answer to come, or why there is none.
type ack struct {
	future jetstream.PubAckFuture
	err    error
}

func (r *Relay) send(row row) ack {
	future, err := r.js.PublishMsgAsync(&nats.Msg{Subject: row.Subject, Data: row.Payload}, options(row)...)
	return ack{future, err}
}

func (a ack) wait(ctx context.Context) error {
	if a.err != nil {
		return a.err
	}
	select {
	case <-a.future.Ok():
		return nil
	case err := <-a.future.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// options forbids the client to send a message once more: by then later ones of
// its subject may have been stored.
func options(row row) []jetstream.PublishOpt {
	once := jetstream.WithRetryAttempts(0)
	if isTombstone(row) {
		return []jetstream.PublishOpt{once, jetstream.WithMsgTTL(tombstoneTTL)}
	}
	return []jetstream.PublishOpt{once}
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
