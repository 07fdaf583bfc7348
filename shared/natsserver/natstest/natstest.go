// Package natstest gives a test a NATS server of its own, with JetStream on the
// disk and a TCP port that it keeps: one that can be stopped and started again,
// as servers are, under clients that have to live through it.
package natstest

import (
	"net/url"
	"strconv"
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// Server is a server that belongs to one test. It is for the goroutine that
// runs the test.
type Server struct {
	t       testing.TB
	dir     string
	url     string
	running *natsserver.Server
}

// Start starts a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir()}
	s.start(-1)
	s.url = s.running.URL()
	t.Cleanup(func() { s.running.Stop() })
	return s
}

// Config is how a service connects to the server.
func (s *Server) Config() bus.Config { return bus.Config{URL: s.url, Replicas: 1} }

// Connect opens a connection that ends with the test.
func (s *Server) Connect() jetstream.JetStream {
	s.t.Helper()
	nc, js, err := bus.Connect(s.Config(), "test")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	return js
}

// Streams is [Server.Connect], after which Carillon's streams exist.
func (s *Server) Streams() jetstream.JetStream {
	s.t.Helper()
	js := s.Connect()
	if err := topology.Ensure(s.t.Context(), js, 1); err != nil {
		s.t.Fatal(err)
	}
	return js
}

// Stop ends the server in order; what it stored stays.
func (s *Server) Stop() { s.running.Stop() }

// Restart starts a stopped server again, on the same store and the same port.
func (s *Server) Restart() {
	s.t.Helper()
	address, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		s.t.Fatal(err)
	}
	s.start(port)
}

func (s *Server) start(port int) {
	s.t.Helper()
	running, err := natsserver.Start(natsserver.Config{Dir: s.dir, Port: port})
	if err != nil {
		s.t.Fatal(err)
	}
	s.running = running
}
