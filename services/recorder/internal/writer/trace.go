package writer

import (
	"context"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

var (
	tracer     = otel.Tracer("github.com/carillon-cron/carillon/services/recorder")
	traceparts propagation.TraceContext
)

// traceRecorded adds a span to the trace of each run whose end was recorded
// between two instants. A run that is not sampled costs a look at one header.
func traceRecorded(events []*event, from, to time.Time) {
	for _, one := range events {
		if one.outcome.State.Final() && sampled(one.msg.Headers()) {
			ctx := traceparts.Extract(context.Background(), bus.Headers(one.msg.Headers()))
			_, span := tracer.Start(ctx, "record", trace.WithTimestamp(from), trace.WithSpanKind(trace.SpanKindConsumer))
			span.End(trace.WithTimestamp(to))
		}
	}
}

// sampled reads the flags of a W3C traceparent, its last two digits, without
// decoding the rest; bit 0 is the sampled flag.
func sampled(header nats.Header) bool {
	parent := header.Get("traceparent")
	return parent != "" && strings.IndexByte("13579bdf", parent[len(parent)-1]) >= 0
}
