package recorder_test

import (
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// spans records those of the whole process: its tracer provider is set once.
var spans = sync.OnceValue(func() *tracetest.SpanRecorder {
	recorder := tracetest.NewSpanRecorder()
	otel.SetTracerProvider(sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	return recorder
})

func TestSampledRunsAreTraced(t *testing.T) {
	spans().Reset()
	s := newStage(t)
	const parent, other = "00-00000000000000000000000000000a01-00000000000000b2-01", "00-00000000000000000000000000000c03-00000000000000d4-00"
	for n, traceparent := range []string{parent, other, ""} {
		header := nats.Header{"traceparent": {traceparent}}
		for _, what := range []func(int) wire.Outcome{started, succeeded} {
			if err := s.send(t, topology.EventFinished, wire.Encode(what(n)), header)(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, stop := s.start(t)
	eventually(t, s.drained)
	stop()
	ended := spans().Ended()
	if len(ended) != 1 {
		t.Fatalf("%d spans, want 1", len(ended))
	}
	span := ended[0]
	if id := trace.TraceID([16]byte{14: 0x0a, 15: 0x01}); span.Name() != "record" || span.Parent().TraceID() != id || !span.Parent().IsRemote() {
		t.Errorf("span %q has the parent %v", span.Name(), span.Parent())
	}
	if !span.EndTime().After(span.StartTime()) {
		t.Errorf("span from %v to %v", span.StartTime(), span.EndTime())
	}
}
