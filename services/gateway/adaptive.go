package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

const (
	// adaptTimeout bounds the writing of one page of changes. Who asks waits longer.
	adaptTimeout = 15 * time.Second
	// passTimeout is how long a recorder may take to say that it has begun.
	passTimeout = 2 * time.Second
)

// takeAdaptations writes what recorders ask for, one request after another, until
// ctx ends. A gateway that goes away in the middle has written all of a page or
// nothing; the recorder finds out in its next pass.
func takeAdaptations(ctx context.Context, nc *nats.Conn, jobs *jobstore.Store) error {
	subscription, err := nc.QueueSubscribe(topology.Adaptations, topology.Adaptations, func(msg *nats.Msg) {
		if err := msg.Respond(wire.Encode(adapt(ctx, jobs, msg.Data))); err != nil {
			slog.Warn("no answer to a recorder that asked for adaptations", "error", err)
		}
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	_ = subscription.Unsubscribe() // it fails only on a connection that is closed already
	return nil
}

func adapt(ctx context.Context, jobs *jobstore.Store, data []byte) wire.Adapted {
	ctx, cancel := context.WithTimeout(ctx, adaptTimeout)
	defer cancel()
	asked, err := wire.Decode[wire.Adaptations](data)
	if err != nil {
		return wire.Adapted{Error: err.Error()}
	}
	if len(asked.Changes) > wire.MaxChanges {
		return wire.Adapted{Left: len(asked.Changes), Error: "too many changes at once"}
	}
	answer, err := jobs.Adapt(ctx, asked.Changes)
	if err != nil {
		slog.Warn("adaptations not written", "error", err)
		answer.Error = err.Error()
	}
	return answer
}

// askForPass asks any recorder for a pass of adaptive rescheduling.
func askForPass(nc *nats.Conn) func(context.Context) (wire.PassAnswer, error) {
	return func(ctx context.Context) (wire.PassAnswer, error) {
		ctx, cancel := context.WithTimeout(ctx, passTimeout)
		defer cancel()
		msg, err := nc.RequestWithContext(ctx, topology.AdaptivePass, wire.Encode(wire.PassRequest{}))
		if err != nil {
			return wire.PassAnswer{}, err
		}
		return wire.Decode[wire.PassAnswer](msg.Data)
	}
}
