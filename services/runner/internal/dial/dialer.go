package dial

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/carillon-cron/carillon/shared/guard"
)

// Config is what a dialer is made for.
type Config struct {
	Guard *guard.Guard
	// Proxy is what all connections go through; the zero Proxy is none.
	Proxy Proxy
	// Resolver looks hosts up; nil means the system's.
	Resolver *net.Resolver
	// TLS is used for handshakes; nil means Go's defaults.
	TLS *tls.Config
}

// Dialer opens connections. It is safe for concurrent use.
type Dialer struct {
	guard    *guard.Guard
	proxy    Proxy
	resolver *net.Resolver
	direct   net.Dialer
	tls      *tls.Config
}

// New returns a dialer.
func New(config Config) *Dialer {
	d := &Dialer{guard: config.Guard, proxy: config.Proxy, resolver: config.Resolver, tls: config.TLS.Clone()}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	if d.tls == nil {
		d.tls = &tls.Config{}
	}
	d.tls.NextProtos = []string{"h2", "http/1.1"}
	d.direct = net.Dialer{Resolver: d.resolver, Control: d.guard.Control}
	return d
}

// Dial is for [net/http.Transport.DialContext]. Its error is, or wraps, a
// [guard.Blocked] if the address may not be called.
func (d *Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	limit := limitsOf(ctx).Connect
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	open := d.direct.DialContext
	if d.proxy.set() {
		open = d.tunnel
	}
	conn, err := open(ctx, network, address)
	if err != nil && ctx.Err() != nil {
		return nil, &Timeout{Awaited: "connection", Limit: limit}
	}
	return conn, err
}

// DialTLS is for [net/http.Transport.DialTLSContext]: it returns a connection
// whose handshake is done.
func (d *Dialer) DialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	plain, err := d.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.tls.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address) // Dial has read it
	}
	limit := limitsOf(ctx).TLS
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	secure := tls.Client(plain, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		if ctx.Err() != nil {
			err = &Timeout{Awaited: "TLS handshake", Limit: limit}
		}
		return nil, err
	}
	return secure, nil
}
