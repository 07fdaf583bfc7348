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
// As every request carries an Idempotency-Key, net/http sends it once more by
// itself when a kept connection turns out to have been closed in between.
package call

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/dial"
	"github.com/carillon-cron/carillon/services/runner/internal/guard"
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
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	common http.Client
	// special are those of namespaces that may call other addresses: they must not
	// share connections with the rest, for only a dial is checked.
	special map[string]*http.Client
}

// New returns a client; its owner closes it.
func New(config Config) *Client {
	c := &Client{common: newHTTP(config, ""), special: map[string]*http.Client{}}
	for _, allowed := range config.Allowed {
		if name := allowed.Namespace(); name != "" && c.special[name] == nil {
			client := newHTTP(config, name)
			c.special[name] = &client
		}
	}
	return c
}

func newHTTP(config Config, namespace string) http.Client {
	dialer := dial.New(dial.Config{Guard: guard.New(config.Allowed, namespace), Proxy: config.Proxy, Resolver: config.Resolver, TLS: config.TLS})
	return http.Client{
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			DialContext:            dialer.Dial,
			DialTLSContext:         dialer.DialTLS,
			IdleConnTimeout:        idleTimeout,
			MaxIdleConns:           2 * config.Slots,
			MaxIdleConnsPerHost:    config.Slots,
			MaxConnsPerHost:        config.HostConnections,
			MaxResponseHeaderBytes: maxHeaderBytes,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}
}

// Close gives back the connections that idle.
func (c *Client) Close() {
	c.common.CloseIdleConnections()
	for _, client := range c.special {
		client.CloseIdleConnections()
	}
}

// of returns what makes the calls of a namespace.
func (c *Client) of(namespace string) *http.Client {
	if client := c.special[namespace]; client != nil {
		return client
	}
	return &c.common
}
