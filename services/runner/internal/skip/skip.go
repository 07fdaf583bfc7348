// Package skip passes on the fires that planners decided against.
//
// A planner cannot publish to OUTCOMES in the batch that moves its mark, for an
// atomic batch stays in one stream. So it leaves the finished outcome in RUNS, and
// a runner carries it over: stored there first, then acknowledged here.
package skip

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/carillon-cron/carillon/services/runner/internal/intake"
	"github.com/carillon-cron/carillon/services/runner/internal/tracing"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// atOnce is how many skips are on their way at the same time.
const atOnce = 256

var (
	forwarded = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_runner_skips_total", Help: "Fires decided against and passed on.",
	})
	malformed = promauto.NewCounter(prometheus.CounterOpts{
		Name: "carillon_runner_malformed_skips_total", Help: "Skip messages removed because they cannot be understood.",
	})
)

// Outbox stores messages. Publish returns nil once the message is stored, and
// an error only if ctx ends first.
type Outbox interface {
	Publish(ctx context.Context, msg *nats.Msg) error
}

// Run passes skips on until ctx ends. What is on its way then is finished while
// work lasts, and handed back after.
func Run(ctx, work context.Context, nc *nats.Conn, js jetstream.JetStream, outbox Outbox) {
	consumer := topology.SkipConsumer()
	intake.New(intake.Config{
		Conn: nc, Stream: topology.RunsStream, Consumer: consumer.Durable, AckWait: consumer.AckWait, Limit: atOnce,
		Ensure: func(ctx context.Context) error {
			_, err := js.CreateOrUpdateConsumer(ctx, topology.RunsStream, consumer)
			return err
		},
		Handle: func(msg *nats.Msg) bool {
			forward(work, msg, outbox)
			return true
		},
	}).Run(ctx)
}

func forward(ctx context.Context, msg *nats.Msg, outbox Outbox) {
	outcome, err := message(msg)
	if err != nil {
		malformed.Inc()
		slog.Error("malformed skip removed", "subject", msg.Subject, "error", err)
		_ = msg.Term()
		return
	}
	if err := outbox.Publish(ctx, outcome); err != nil {
		_ = msg.Nak()
		return
	}
	forwarded.Inc()
	_ = msg.Ack() // lost, it is passed on twice, which the recorder takes
}

// message is the outcome to pass on: the bytes as they are.
func message(skip *nats.Msg) (*nats.Msg, error) {
	var key struct {
		JobID     uuid.UUID `json:"job_id"`
		Namespace string    `json:"namespace"`
	}
	if err := json.Unmarshal(skip.Data, &key); err != nil {
		return nil, err
	}
	if key.JobID == uuid.Nil || !topology.IsToken(key.Namespace) {
		return nil, errors.New("no job or namespace")
	}
	outcome := &nats.Msg{Subject: topology.Outcome(key.Namespace, key.JobID, topology.EventFinished), Data: skip.Data}
	if trace := skip.Header.Get(tracing.Header); trace != "" {
		outcome.Header = nats.Header{tracing.Header: {trace}}
	}
	return outcome, nil
}
