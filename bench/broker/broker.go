// Package broker is a NATS server as a process of its own, so that what it uses is
// told from what its clients use.
package broker

import (
	"context"
	"fmt"
	"os"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Role is what this program is started as to be the NATS server.
const Role = "nats"

// Serve is the process of the NATS server.
func Serve() error {
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

// Broker is a running NATS server with all streams, and a connection to it.
type Broker struct {
	*process.Child
	JS jetstream.JetStream
	nc *nats.Conn
}

// Start starts a server and makes its streams. The caller closes it.
func Start(ctx context.Context) (*Broker, error) {
	child, err := process.StartSelf(Role)
	if err != nil {
		return nil, err
	}
	b := &Broker{Child: child}
	if b.nc, b.JS, err = bus.Connect(bus.Config{URL: b.Address}, "bench"); err == nil {
		err = topology.Await(ctx, b.JS, 1, func(error) {})
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Close ends the connection and the server.
func (b *Broker) Close() {
	if b.nc != nil {
		b.nc.Close()
	}
	b.Stop()
}

// Empty removes all messages of a stream.
func (b *Broker) Empty(ctx context.Context, name string) error {
	stream, err := b.JS.Stream(ctx, name)
	if err == nil {
		err = stream.Purge(ctx)
	}
	if err != nil {
		return fmt.Errorf("empty %s: %w", name, err)
	}
	return nil
}
