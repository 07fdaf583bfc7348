// Package call makes the HTTP request of one attempt and says what came of it.
//
// What all attempts of a job's revision share is made ready once, as a [Target]:
// the address is parsed, templates and expressions are read. An attempt never
// fails with an error: whatever goes wrong is part of its result, sorted into a
// wire.Class. It is bounded in every direction: by the target's timeouts, by five
// redirects, by 64 KiB of response headers, by the few KiB of a response that are
// kept, or 256 KiB where the job asks for something in it. A response is read a
// little beyond that, so that the connection can be used again, and then let go: a
// gigabyte costs no more than a page.
//
// What a job sends is meant for the host that it names. A redirect to another
// host is followed without the job's headers, and not at all if the body would
// have to go along: the attempt then ends with the redirect's status.
//
// Connections are pooled per host and kept alive; package dial opens them. No
// answer is decompressed, no cookie kept, no proxy taken from the environment. The
// address stays out of every error text, for a query may hold a secret.
//
// A call may have to prove who makes it (package credential). What is secret in
// the proof is taken out of all that is kept of the attempt.
//
// As every request carries an Idempotency-Key, net/http sends it once more by
// itself when a kept connection turns out to have been closed in between.
package call

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/credential"
	"github.com/carillon-cron/carillon/services/runner/internal/dial"
	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/carillon-cron/carillon/shared/wire"
)

const (
	idleTimeout    = 90 * time.Second
	maxHeaderBytes = 64 << 10
)

// Config is what a client is made for.
type Config struct {
	// Slots is how many calls are made at once; as many connections may idle.
	Slots int
	// HostConnections is the most connections to one host.
	HostConnections int
	// Allowed are the reserved addresses that may be called.
	Allowed []guard.Allowed
	// Proxy is what all connections go through, if it is set.
	Proxy dial.Proxy
	// Resolver looks hosts up; nil means the system's.
	Resolver *net.Resolver
	// TLS is used for handshakes; nil means Go's defaults.
	TLS *tls.Config
	// Secrets are what calls that prove themselves do it with.
	Secrets credential.Secrets
	// CallbackURL returns the address at which the target of a run may call back.
	// It is nil where there is none: calls that want one are not made then.
	CallbackURL func(wire.Run, *wire.Call) string
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	common *route
	// special are those of namespaces that may call other addresses: they must not
	// share connections with the rest, for only a dial is checked.
	special     map[string]*route
	callbackURL func(wire.Run, *wire.Call) string
}

// New returns a client; its owner closes it.
func New(config Config) *Client {
	c := &Client{callbackURL: config.CallbackURL, common: newRoute(config, ""), special: map[string]*route{}}
	for _, allowed := range config.Allowed {
		if name := allowed.Namespace(); name != "" && c.special[name] == nil {
			c.special[name] = newRoute(config, name)
		}
	}
	return c
}

// route is how the calls of a namespace are made.
type route struct {
	http.Client
	prover *credential.Prover
}

func newRoute(config Config, namespace string) *route {
	showing := func(shown *tls.Config) *http.Transport { return newTransport(config, namespace, shown) }
	plain := showing(config.TLS)
	return &route{
		Client: http.Client{CheckRedirect: checkRedirect, Transport: plain},
		prover: credential.New(config.Secrets, plain, showing),
	}
}

func newTransport(config Config, namespace string, shown *tls.Config) *http.Transport {
	if config.TLS != nil && shown.RootCAs == nil {
		shown.RootCAs = config.TLS.RootCAs
	}
	dialer := dial.New(dial.Config{Guard: guard.New(config.Allowed, namespace), Proxy: config.Proxy, Resolver: config.Resolver, TLS: shown})
	return &http.Transport{
		DialContext:            dialer.Dial,
		DialTLSContext:         dialer.DialTLS,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           2 * config.Slots,
		MaxIdleConnsPerHost:    config.Slots,
		MaxConnsPerHost:        config.HostConnections,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
}

// Close gives back the connections that idle.
func (c *Client) Close() {
	c.common.close()
	for _, r := range c.special {
		r.close()
	}
}

func (r *route) close() {
	r.prover.Close()
	r.CloseIdleConnections()
}

// of returns what makes the calls of a namespace.
func (c *Client) of(namespace string) *route {
	if r := c.special[namespace]; r != nil {
		return r
	}
	return c.common
}
