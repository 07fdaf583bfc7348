package telemetry_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/telemetry"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// receiver takes spans as a collector does.
type receiver struct {
	collector.UnimplementedTraceServiceServer
	requests chan *collector.ExportTraceServiceRequest
}

func (r *receiver) Export(_ context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	r.requests <- request
	return &collector.ExportTraceServiceResponse{}, nil
}

func startReceiver(t *testing.T) (r *receiver, endpoint string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r = &receiver{requests: make(chan *collector.ExportTraceServiceRequest, 10)}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, r)
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-serving; err != nil {
			t.Error(err)
		}
	})
	return r, "http://" + listener.Addr().String()
}

// Tests that call Start are not parallel: the tracer provider belongs to the process.
func start(t *testing.T, config telemetry.Config) (stop func(context.Context) error) {
	t.Helper()
	stop, err := telemetry.Start(t.Context(), config, "carillon-test")
	if err != nil {
		t.Fatal(err)
	}
	return stop
}

func TestSpansArriveAtTheCollector(t *testing.T) {
	r, endpoint := startReceiver(t)
	stop := start(t, telemetry.Config{Endpoint: endpoint, Ratio: 1})
	run := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, time.Now())
	_, span := otel.Tracer("test").Start(telemetry.WithRun(t.Context(), run), "planned")
	span.End()
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := (<-r.requests).ResourceSpans[0]
	if name := spans.Resource.Attributes[0]; name.Key != "service.name" || name.Value.GetStringValue() != "carillon-test" {
		t.Errorf("got %v", name)
	}
	got := spans.ScopeSpans[0].Spans[0]
	if got.Name != "planned" || trace.TraceID(got.TraceId) != trace.TraceID(run) {
		t.Errorf("got %v of trace %x, want planned of %s", got.Name, got.TraceId, run)
	}
}

func TestWithoutACollectorTracersDoNothing(t *testing.T) {
	stop := start(t, telemetry.Config{Ratio: 1})
	run := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, time.Now())
	_, span := otel.Tracer("test").Start(telemetry.WithRun(t.Context(), run), "planned")
	if span.IsRecording() || span.SpanContext().IsValid() {
		t.Errorf("recording %t, context %v", span.IsRecording(), span.SpanContext())
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	// What others sampled is passed on all the same.
	if fields := otel.GetTextMapPropagator().Fields(); !slices.Contains(fields, "traceparent") {
		t.Errorf("propagates %v", fields)
	}
}

func TestNothingArrivesOfWhatIsNotSampled(t *testing.T) {
	r, endpoint := startReceiver(t)
	stop := start(t, telemetry.Config{Endpoint: endpoint, Ratio: 0})
	run := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, time.Now())
	_, span := otel.Tracer("test").Start(telemetry.WithRun(t.Context(), run), "planned")
	if span.IsRecording() || !span.SpanContext().IsValid() {
		t.Errorf("recording %t, context %v", span.IsRecording(), span.SpanContext())
	}
	span.End()
	if err := stop(t.Context()); err != nil || len(r.requests) > 0 {
		t.Errorf("%v, %d requests", err, len(r.requests))
	}
}

func TestAnAbsentCollectorHoldsNobodyUp(t *testing.T) {
	began := time.Now()
	stop := start(t, telemetry.Config{Endpoint: "http://127.0.0.1:1", Ratio: 1})
	_, span := otel.Tracer("test").Start(t.Context(), "planned")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := stop(ctx); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s; want an error in time", err, time.Since(began))
	}
}

func TestFaultySettingsAreNamed(t *testing.T) {
	for want, config := range map[string]telemetry.Config{
		"OTEL_EXPORTER_OTLP_ENDPOINT": {Endpoint: "collector:4317", Ratio: 1},
		"OTEL_TRACES_SAMPLER_ARG":     {Endpoint: "http://127.0.0.1:1", Ratio: 1.5},
	} {
		if _, err := telemetry.Start(t.Context(), config, "test"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v; want it to name %s", config, err, want)
		}
	}
}
