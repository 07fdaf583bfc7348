// Package tracing draws a run's time with a runner: a span for its wait in the
// queue, and one for each attempt with the steps of its HTTP request.
//
//	planned ──┬── wait     planned → picked up
//	          ├── attempt  dns, connect, tls, request sent, first byte
//	          └── record   by the recorder
//
// A run that comes with a trace context joins that trace. One that comes without
// starts the trace of its run id, and its wait is the root. With tracing off, the
// spans cost next to nothing, and the target still gets a traceparent whose trace
// id is the run id, so that its own traces can be found by the run.
package tracing

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"net/http/httptrace"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/telemetry"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Header is the name of the message header that carries a trace context.
const Header = "traceparent"

func tracer() trace.Tracer { return otel.Tracer("github.com/carillon-cron/carillon/services/runner") }

// Join returns a context under which the spans of a run belong to its trace: the
// one that the message's headers tell of, or that of the run's id. The run's
// first message also gets the span of its wait, which ends now.
func Join(ctx context.Context, header nats.Header, run wire.Run, now time.Time) context.Context {
	ctx = propagation.TraceContext{}.Extract(telemetry.WithRun(ctx, run.ID), bus.Headers(header))
	if run.Attempt > 1 {
		return ctx
	}
	waited, span := tracer().Start(ctx, "wait", trace.WithTimestamp(run.PlannedAt))
	span.End(trace.WithTimestamp(now))
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return waited
}

// Carried returns the traceparent that a run's further messages carry: the one
// it came with, or else the root of a trace that is recorded, or else none.
func Carried(ctx context.Context, header nats.Header, run wire.Run) string {
	given, root := header.Get(Header), trace.SpanContextFromContext(ctx)
	if given == "" && root.IsSampled() {
		return traceparent(root, run)
	}
	return given
}

// Attempt starts the span of an attempt and returns the traceparent to send
// with it. The caller ends the span by [End].
func Attempt(ctx context.Context, run wire.Run) (context.Context, trace.Span, string) {
	ctx, span := tracer().Start(ctx, "attempt")
	if span.IsRecording() {
		span.SetAttributes(attribute.String("carillon.run", run.ID.String()), attribute.Int("carillon.attempt", run.Attempt))
		ctx = httptrace.WithClientTrace(ctx, steps(span))
	}
	return ctx, span, traceparent(span.SpanContext(), run)
}

// End ends the span of an attempt with its result.
func End(span trace.Span, attempt wire.Attempt) {
	if span.IsRecording() {
		span.SetAttributes(attribute.Int("http.response.status_code", attempt.Status), attribute.String("carillon.class", string(attempt.Class)))
	}
	span.End()
}

// traceparent is the header of W3C Trace Context for a span, or, where there is
// none, for a span of the run's trace that nobody records.
func traceparent(span trace.SpanContext, run wire.Run) string {
	if !span.IsValid() {
		span = trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID(run.ID), SpanID: telemetry.NewSpanID()})
	}
	traceID, spanID := span.TraceID(), span.SpanID()
	buffer := make([]byte, 0, len("00-")+2*len(traceID)+1+2*len(spanID)+len("-00"))
	buffer = hex.AppendEncode(append(buffer, "00-"...), traceID[:])
	buffer = hex.AppendEncode(append(buffer, '-'), spanID[:])
	if span.IsSampled() {
		return string(append(buffer, "-01"...))
	}
	return string(append(buffer, "-00"...))
}

// steps notes the steps of a request as events of its span.
func steps(span trace.Span) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { span.AddEvent("dns started") },
		DNSDone:              func(httptrace.DNSDoneInfo) { span.AddEvent("dns done") },
		ConnectStart:         func(string, string) { span.AddEvent("connect started") },
		ConnectDone:          func(string, string, error) { span.AddEvent("connect done") },
		TLSHandshakeStart:    func() { span.AddEvent("tls started") },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { span.AddEvent("tls done") },
		GotConn:              func(httptrace.GotConnInfo) { span.AddEvent("connection") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { span.AddEvent("request sent") },
		GotFirstResponseByte: func() { span.AddEvent("first byte") },
	}
}
