package telemetry

import (
	"context"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// recorded are the ended spans of a provider with the ids of this package.
type recorded struct{ spans []sdk.ReadOnlySpan }

func (r *recorded) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (r *recorded) OnEnd(s sdk.ReadOnlySpan)                   { r.spans = append(r.spans, s) }
func (r *recorded) ForceFlush(context.Context) error           { return nil }
func (r *recorded) Shutdown(context.Context) error             { return nil }

func TestTraceOfARunHasItsID(t *testing.T) {
	t.Parallel()
	tracer := sdk.NewTracerProvider(sdk.WithIDGenerator(runIDs{})).Tracer("test")
	run := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, noon)
	ctx, first := tracer.Start(WithRun(t.Context(), run), "plan")
	if got := first.SpanContext().TraceID().String(); got != hexOf(run) {
		t.Errorf("trace %s of run %s", got, hexOf(run))
	}
	other := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, noon)
	_, child := tracer.Start(WithRun(ctx, other), "call")
	if child.SpanContext().TraceID() != first.SpanContext().TraceID() || child.SpanContext().SpanID() == first.SpanContext().SpanID() {
		t.Errorf("child %v does not belong to %v", child.SpanContext(), first.SpanContext())
	}
}

func hexOf(id uuid.UUID) string { return trace.TraceID(id).String() }

func TestTracesWithoutARunAreTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[trace.TraceID]bool{}
	for range 1000 {
		traceID, spanID := runIDs{}.NewIDs(t.Context())
		if !traceID.IsValid() || !spanID.IsValid() || seen[traceID] {
			t.Fatalf("bad ids %s, %s", traceID, spanID)
		}
		seen[traceID] = true
	}
}

// The SDK's own sampler would keep all of them or none: it looks at bits that
// are fixed in a UUID.
func TestShareOfRunsIsTraced(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for _, ratio := range []float64{0, 0.01, 0.1, 0.5, 0.9, 1} {
		sampled := 0
		for i := range n {
			run := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, noon.Add(time.Duration(i)*time.Second))
			if decide(byRun{ratio}, trace.TraceID(run)) == sdk.RecordAndSample {
				sampled++
			}
		}
		want := ratio * n
		if spread := 5 * math.Sqrt(want*(1-ratio)); math.Abs(float64(sampled)-want) > spread {
			t.Errorf("%g of %d runs: %d, want %g ± %g", ratio, n, sampled, want, spread)
		}
	}
}

func decide(sampler sdk.Sampler, id trace.TraceID) sdk.SamplingDecision {
	return sampler.ShouldSample(sdk.SamplingParameters{ParentContext: context.Background(), TraceID: id}).Decision
}

// So that a trace that one service keeps is kept by all.
func TestAHigherShareKeepsWhatALowerKeeps(t *testing.T) {
	t.Parallel()
	for range 1000 {
		id := trace.TraceID(carillon.NewRunID(carillon.NewJobID(), carillon.KindManual, noon))
		if decide(byRun{0.1}, id) == sdk.RecordAndSample && decide(byRun{0.2}, id) == sdk.Drop {
			t.Fatalf("%s is kept at 0.1 and dropped at 0.2", id)
		}
	}
}

func TestExtremesOfTheRandomPart(t *testing.T) {
	t.Parallel()
	var lowest, highest trace.TraceID
	lowest[0] = 1
	binary.BigEndian.PutUint64(highest[8:], math.MaxUint64)
	if decide(byRun{0}, lowest) != sdk.Drop || decide(byRun{1}, highest) != sdk.RecordAndSample {
		t.Error("0 is not nothing, or 1 is not everything")
	}
}

func TestRunsAreDescribed(t *testing.T) {
	t.Parallel()
	var r recorded
	tracer := sdk.NewTracerProvider(sdk.WithSpanProcessor(&r)).Tracer("test")
	_, span := tracer.Start(t.Context(), "call")
	DescribeRun(span, "billing", "report")
	span.End()
	got := map[string]string{}
	for _, attribute := range r.spans[0].Attributes() {
		got[string(attribute.Key)] = attribute.Value.AsString()
	}
	if got["carillon.namespace"] != "billing" || got["carillon.job"] != "report" {
		t.Errorf("got %v", got)
	}
}
