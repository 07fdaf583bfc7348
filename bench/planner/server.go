package planner

import (
	"context"

	"github.com/carillon-cron/carillon/bench/broker"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

// server is a running NATS server with all streams.
type server struct{ *broker.Broker }

// fill publishes n definitions as fast as it can, telling say how far it is.
func (s *server) fill(ctx context.Context, n int, define func(i int) *wire.Definition, say Say) error {
	message := func(i int) *nats.Msg {
		def := define(i)
		return &nats.Msg{Subject: topology.Job(def.ID), Data: wire.Encode(*def)}
	}
	return s.Publish(ctx, n, message, func(i int) {
		if done := i + 1; done*4/n > i*4/n {
			say("  %d of %d definitions are in JOBS", done, n)
		}
	})
}
