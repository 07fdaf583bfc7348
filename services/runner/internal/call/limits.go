package call

import (
	"context"
	"math"
	"net/http/httptrace"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/dial"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// limited returns a context under which the parts of an attempt have their limits.
// release ends it. The usual limits cost nothing.
func limited(ctx context.Context, timeouts carillon.Timeouts) (limited context.Context, release func()) {
	if timeouts.Connect != 0 || timeouts.TLS != 0 {
		ctx = dial.WithLimits(ctx, dial.Limits{Connect: time.Duration(timeouts.Connect), TLS: time.Duration(timeouts.TLS)})
	}
	if timeouts.FirstByte != 0 {
		return withFirstByte(ctx, time.Duration(timeouts.FirstByte))
	}
	return ctx, func() {}
}

// withFirstByte returns a context that ends, with a [dial.Timeout], when a request
// under it has had a connection for so long without a byte of an answer. After a
// redirect the time begins anew.
func withFirstByte(ctx context.Context, limit time.Duration) (limited context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(math.MaxInt64, func() { cancel(&dial.Timeout{Awaited: "first byte of an answer", Limit: limit}) })
	release = func() {
		timer.Stop()
		cancel(nil)
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { timer.Reset(limit) },
		GotFirstResponseByte: func() { timer.Stop() },
	}), release
}
