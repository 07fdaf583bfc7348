package planner

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ServerRole is what this program is started as to be the NATS server.
const ServerRole = "nats"

// ServeNATS is the process of the NATS server.
func ServeNATS() error {
	dir, err := os.MkdirTemp("", "carillon-bench-nats-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := natsserver.Start(natsserver.Config{Dir: dir, Port: -1})
	if err != nil {
		return err
	}
	process.Serve(server.URL())
	server.Stop()
	return nil
}

// server is a running NATS server with all streams.
type server struct {
	*process.Child
	nc *nats.Conn
	js jetstream.JetStream
}

func startServer(ctx context.Context) (*server, error) {
	child, err := process.StartSelf(ServerRole)
	if err != nil {
		return nil, err
	}
	s := &server{Child: child}
	if s.nc, s.js, err = bus.Connect(bus.Config{URL: s.Address}, "bench"); err == nil {
		err = topology.Await(ctx, s.js, 1, func(error) {})
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) stop() {
	if s.nc != nil {
		s.nc.Close()
	}
	s.Stop()
}

// mostPending bounds the definitions that the server has not answered yet.
const mostPending = 4096

// fill publishes n definitions as fast as it can, telling say how far it is.
func (s *server) fill(ctx context.Context, n int, define func(i int) *wire.Definition, say Say) error {
	js, err := jetstream.New(s.nc, jetstream.WithPublishAsyncMaxPending(mostPending))
	if err != nil {
		return err
	}
	for i := range n {
		def := define(i)
		if _, err := js.PublishAsync(topology.Job(def.ID), wire.Encode(*def), jetstream.WithStallWait(time.Minute)); err != nil {
			return err
		}
		if done := i + 1; done*4/n > i*4/n {
			say("  %d of %d definitions are in JOBS", done, n)
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-js.PublishAsyncComplete():
		return nil
	}
}

// empty removes all messages of a stream.
func (s *server) empty(ctx context.Context, name string) error {
	stream, err := s.js.Stream(ctx, name)
	if err == nil {
		err = stream.Purge(ctx)
	}
	if err != nil {
		return fmt.Errorf("empty %s: %w", name, err)
	}
	return nil
}
