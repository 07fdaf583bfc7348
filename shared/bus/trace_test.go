package bus_test

import (
	"context"
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func TestHeadersCarryATraceOverNATS(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect().Conn()
	inbox, err := nc.SubscribeSync("subject")
	if err != nil {
		t.Fatal(err)
	}
	sent := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	out := nats.NewMsg("subject")
	w3c := propagation.TraceContext{}
	w3c.Inject(trace.ContextWithSpanContext(context.Background(), sent), bus.Headers(out.Header))
	if err := nc.PublishMsg(out); err != nil {
		t.Fatal(err)
	}
	in, err := inbox.NextMsgWithContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := trace.SpanContextFromContext(w3c.Extract(context.Background(), bus.Headers(in.Header)))
	if !got.Equal(sent) {
		t.Errorf("sent %v, got %v", sent, got)
	}
	if diff := cmp.Diff([]string{"traceparent"}, bus.Headers(in.Header).Keys()); diff != "" {
		t.Error(diff)
	}
}

func TestHeadersKeepTheirCase(t *testing.T) {
	t.Parallel()
	headers := bus.Headers{"Traceparent": {"other"}}
	headers.Set("traceparent", "1")
	headers.Set("traceparent", "2")
	want := bus.Headers{"Traceparent": {"other"}, "traceparent": {"2"}}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Error(diff)
	}
	if got := headers.Get("traceparent"); got != "2" {
		t.Errorf("got %q", got)
	}
	if got := bus.Headers(nil).Get("traceparent"); got != "" {
		t.Errorf("got %q", got)
	}
}
