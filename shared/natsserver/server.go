// Package natsserver runs a NATS server with JetStream inside the process.
//
// It is what `carillon up` runs on, and what tests use, so both work with the
// real server and the real storage. JetStream keeps its files under one folder;
// a second server on the same folder would destroy them, so the folder is
// locked by its owner (`carillon up` does that for the whole data folder).
package natsserver

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// syncInterval is how often the store is flushed to disk for good. A power cut
// may lose that much, runs and mark together; it costs no measurable speed.
const syncInterval = time.Second

// startTimeout is far above what reading a large store takes.
const startTimeout = 30 * time.Second

// Config says where the server keeps its files and whether it listens.
type Config struct {
	// Dir is the folder for JetStream's files.
	Dir string
	// Port on 127.0.0.1 for connections from outside the process: 0 for none,
	// -1 for any free one.
	Port int
}

// Server is a running NATS server.
type Server struct {
	inner   *server.Server
	listens bool
}

// Start starts a server and waits until it takes connections.
func Start(config Config) (*Server, error) {
	inner, err := server.NewServer(&server.Options{
		ServerName: "carillon", Host: "127.0.0.1", Port: config.Port, DontListen: config.Port == 0,
		JetStream: true, StoreDir: config.Dir, SyncInterval: syncInterval,
		NoSigs: true,
	})
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	if err := start(inner); err != nil {
		inner.Shutdown()
		return nil, fmt.Errorf("embedded NATS in %s: %w", config.Dir, err)
	}
	return &Server{inner: inner, listens: config.Port != 0}, nil
}

func start(inner *server.Server) error {
	log := log{fatal: make(chan error, 1)}
	inner.SetLoggerV2(log, false, false, false)
	inner.Start()
	select {
	case err := <-log.fatal:
		return err
	default:
	}
	if !inner.ReadyForConnections(startTimeout) {
		return fmt.Errorf("takes no connections after %s", startTimeout)
	}
	return nil
}

// Option connects a client within the process, without a socket.
func (s *Server) Option() nats.Option { return nats.InProcessServer(s.inner) }

// URL is the address for clients outside the process, or "" if none are taken.
func (s *Server) URL() string {
	if !s.listens {
		return ""
	}
	return s.inner.ClientURL()
}

// Stop ends the server in order: it flushes the store and closes every connection.
func (s *Server) Stop() {
	s.inner.Shutdown()
	s.inner.WaitForShutdown()
}
