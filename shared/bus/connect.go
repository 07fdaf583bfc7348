// Package bus connects services to NATS and offers the few ways of using it
// that more than one service needs: one connection policy, following a family
// of subjects, and carrying trace contexts in message headers.
//
// A connection never gives up: services outlive their server, wait, and go on.
// Publishes fail fast while disconnected (no client-side buffering), because
// every publisher here has its own, smarter way to try again.
package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Config says where NATS is.
type Config struct {
	// URL is the address of NATS, or several with commas between them, with user
	// and password if it wants them.
	URL string `env:"NATS_URL" envDefault:"nats://127.0.0.1:4222"`
	// Replicas is how many copies the streams keep: 1, or 3 on a cluster.
	Replicas int `env:"CARILLON_REPLICAS" envDefault:"1"`
	// Options are further options of the connection, such as an in-process server.
	Options []nats.Option `env:"-"`
}

// Connect opens a connection for a service of the given name. It does not wait
// for the server: it fails only on a malformed address, and otherwise keeps
// trying for ever. The caller closes the connection.
func Connect(config Config, name string) (*nats.Conn, jetstream.JetStream, error) {
	options := append([]nats.Option{
		nats.Name("carillon-" + name),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectBufSize(-1),
		nats.RetryOnFailedConnect(true),
		nats.DisconnectErrHandler(logDisconnect),
		nats.ReconnectHandler(logReconnect),
		nats.ErrorHandler(logAsync),
	}, config.Options...)
	nc, err := nats.Connect(config.URL, options...)
	if err != nil {
		return nil, nil, fmt.Errorf("NATS: %w", withoutAddress(err))
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		nc.Close()
		return nil, nil, fmt.Errorf("JetStream: %w", err)
	}
	return nc, js, nil
}

// withoutAddress keeps the password of a malformed address out of an error.
func withoutAddress(err error) error {
	if _, malformed := errors.AsType[*url.Error](err); malformed {
		return errors.New("NATS_URL is not an address like nats://user:password@host:4222")
	}
	return err
}

func logDisconnect(_ *nats.Conn, err error) {
	if err != nil {
		slog.Warn("nats disconnected", "error", err)
	}
}

func logReconnect(nc *nats.Conn) {
	slog.Info("nats reconnected", "server", nc.ConnectedUrlRedacted())
}

func logAsync(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	slog.Warn("nats error", "error", err, "subject", subject)
}
