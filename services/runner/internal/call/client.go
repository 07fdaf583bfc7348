// Package call makes the HTTP request of one attempt and says what came of it.
//
// An attempt never fails with an error: whatever goes wrong is part of its
// result, sorted into a wire.Class. It is bounded in every direction: by the
// target's timeout from dialling to the last byte, by five redirects, by 64 KiB
// of response headers, by the few KiB of a response that are kept. A response
// is read a little beyond that, so that the connection can be used again, and
// then let go: a gigabyte costs no more than a page.
//
// What a job sends is meant for the host that it names. A redirect to another
// host is followed without the job's headers, and not at all if the body would
// have to go along: the attempt then ends with the redirect's status.
//
// Connections are pooled per host and kept alive. No answer is decompressed,
// no cookie kept, no proxy taken from the environment. The address stays out of
// every error text, for a query may hold a secret.
//
// As every request carries an Idempotency-Key, net/http sends it once more by
// itself when a kept connection turns out to have been closed in between.
package call

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/guard"
	"github.com/carillon-cron/carillon/shared/wire"
)

const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	idleTimeout      = 90 * time.Second
	maxHeaderBytes   = 64 << 10
)

// Config is what a client is made for.
type Config struct {
	// Slots is how many calls are made at once; as many connections may idle.
	Slots int
	// HostConnections is the most connections to one host.
	HostConnections int
	Guard           *guard.Guard
	// CallbackURL returns the address at which the target of a run may call back.
	// It is nil where there is none: calls that want one are not made then.
	CallbackURL func(wire.Run, *wire.Call) string
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	http        http.Client
	callbackURL func(wire.Run, *wire.Call) string
}

// New returns a client; its owner closes it.
func New(config Config) *Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: config.Guard.Control}
	return &Client{callbackURL: config.CallbackURL, http: http.Client{
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    handshakeTimeout,
			IdleConnTimeout:        idleTimeout,
			MaxIdleConns:           2 * config.Slots,
			MaxIdleConnsPerHost:    config.Slots,
			MaxConnsPerHost:        config.HostConnections,
			MaxResponseHeaderBytes: maxHeaderBytes,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}}
}

// Close gives back the connections that idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call makes the request of run.Attempt and waits for what comes of it. If ctx
// ends first, the attempt's class is interrupted, and its error the cause.
func (c *Client) Call(ctx context.Context, run wire.Run, call *wire.Call, traceparent string) wire.Attempt {
	attempt := wire.Attempt{Number: run.Attempt, StartedAt: time.Now().UTC()}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(call.Target.Timeout))
	defer cancel()
	err := c.do(bounded, run, call, traceparent, &attempt)
	attempt.FinishedAt = time.Now().UTC()
	switch {
	case attempt.Status != 0 && !good(attempt.Status):
		attempt.Class, attempt.Error = wire.ClassStatus, "the target answered "+statusText(attempt.Status)
	case err != nil && ctx.Err() != nil:
		attempt.Class, attempt.Error = wire.ClassInterrupted, context.Cause(ctx).Error()
	case err != nil:
		attempt.Class, attempt.Error = classify(err, time.Duration(call.Target.Timeout))
	}
	return attempt
}

// do fills in the status and the response as far as they come.
func (c *Client) do(ctx context.Context, run wire.Run, call *wire.Call, traceparent string, attempt *wire.Attempt) error {
	request, err := newRequest(ctx, run, call, traceparent)
	if err != nil {
		return err
	}
	if err := c.offerCallback(request, run, call); err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	attempt.Status = response.StatusCode
	attempt.Response, err = capture(response.Body)
	return err
}
