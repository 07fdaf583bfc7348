// Package outbox publishes to JetStream and does not let go until it is stored.
//
// What a runner has learned of a call must reach the server before the run's
// own message is acknowledged, else a fire could vanish. So a publish that
// fails, or is not answered, is made again, with growing pauses, until the
// server says that it has the message or the context ends. A message may thus
// be stored twice; every reader of these streams takes repetitions.
package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// answerWait is how long the server may take to answer before the message is
// sent once more.
const answerWait = 5 * time.Second

// pauses are between tries. They stay short, as each try may hold a slot.
var pauses = carillon.Retry{
	MinBackoff: carillon.Duration(100 * time.Millisecond),
	MaxBackoff: carillon.Duration(2 * time.Second),
}

// Outbox publishes messages. It is safe for concurrent use.
type Outbox struct{ js jetstream.JetStream }

// New returns an outbox that publishes by js.
func New(js jetstream.JetStream) *Outbox { return &Outbox{js: js} }

// Publish returns nil once the server has stored the message, and an error only
// if ctx ends before.
func (o *Outbox) Publish(ctx context.Context, msg *nats.Msg) error {
	for try := 1; ; try++ {
		err := o.try(ctx, msg)
		if err == nil {
			return nil
		}
		slog.Warn("publish failed", "subject", msg.Subject, "try", try, "error", err)
		select {
		case <-time.After(backoff.Delay(pauses, try, backoff.Full)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Send publishes a message that nobody misses if it is lost, and does not wait.
func (o *Outbox) Send(msg *nats.Msg) {
	if _, err := o.js.PublishMsgAsync(msg); err != nil {
		slog.Debug("publish failed", "subject", msg.Subject, "error", err)
	}
}

func (o *Outbox) try(ctx context.Context, msg *nats.Msg) error {
	future, err := o.js.PublishMsgAsync(msg)
	if err != nil {
		return err
	}
	unanswered := time.NewTimer(answerWait)
	defer unanswered.Stop()
	select {
	case <-future.Ok():
		return nil
	case err := <-future.Err():
		return err
	case <-unanswered.C:
		return context.DeadlineExceeded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
