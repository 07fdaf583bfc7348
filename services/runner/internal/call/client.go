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
// A call may have to prove who makes it (package credential). What is secret in
// the proof is taken out of all that is kept of the attempt.
//
// As every request carries an Idempotency-Key, net/http sends it once more by
// itself when a kept connection turns out to have been closed in between.
package call

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/credential"
	"github.com/carillon-cron/carillon/services/runner/internal/guard"
	"github.com/carillon-cron/carillon/services/runner/internal/mask"
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
	// Secrets are what calls that prove themselves do it with.
	Secrets credential.Secrets
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	http   http.Client
	prover *credential.Prover
}

// New returns a client; its owner closes it.
func New(config Config) *Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: config.Guard.Control}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    handshakeTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           2 * config.Slots,
		MaxIdleConnsPerHost:    config.Slots,
		MaxConnsPerHost:        config.HostConnections,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
	return &Client{
		http:   http.Client{CheckRedirect: checkRedirect, Transport: transport},
		prover: credential.New(config.Secrets, transport),
	}
}

// Close gives back the connections that idle.
func (c *Client) Close() {
	c.prover.Close()
	c.http.CloseIdleConnections()
}

// Call makes the request of run.Attempt and waits for what comes of it. If ctx
// ends first, the attempt's class is interrupted, and its error the cause.
func (c *Client) Call(ctx context.Context, run wire.Run, call *wire.Call, traceparent string) wire.Attempt {
	attempt := wire.Attempt{Number: run.Attempt, StartedAt: time.Now().UTC()}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(call.Target.Timeout))
	defer cancel()
	hidden, err := c.do(bounded, run, call, traceparent, &attempt)
	attempt.FinishedAt = time.Now().UTC()
	switch {
	case attempt.Status != 0 && !good(attempt.Status):
		attempt.Class, attempt.Error = wire.ClassStatus, "the target answered "+statusText(attempt.Status)
	case err != nil && ctx.Err() != nil:
		attempt.Class, attempt.Error = wire.ClassInterrupted, context.Cause(ctx).Error()
	case err != nil:
		attempt.Class, attempt.Error = classify(err, time.Duration(call.Target.Timeout))
	}
	attempt.Error, attempt.Response = hidden.Clean(attempt.Error), hidden.Clean(attempt.Response)
	return attempt
}

// do fills in the status and the response as far as they come. The mask knows what
// must not be kept of them, nor of the error.
func (c *Client) do(ctx context.Context, run wire.Run, call *wire.Call, traceparent string, attempt *wire.Attempt) (*mask.Mask, error) {
	request, err := newRequest(ctx, run, call, traceparent)
	if err != nil {
		return nil, err
	}
	response, hidden, err := c.send(request, run, call)
	if err != nil {
		return hidden, err
	}
	defer response.Body.Close()
	attempt.Status = response.StatusCode
	attempt.Response, err = capture(response.Body)
	return hidden, err
}

// send makes the request, with the proof that the call asks for, if any.
func (c *Client) send(request *http.Request, run wire.Run, call *wire.Call) (*http.Response, *mask.Mask, error) {
	if credential.Needed(call) {
		return c.prover.Do(&c.http, request, run.ID, call)
	}
	response, err := c.http.Do(request)
	return response, nil, err
}
