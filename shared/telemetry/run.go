package telemetry

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type runKey struct{}

// WithRun returns a context under which a span without a parent starts the
// trace of the run: the one whose trace id is the run id.
func WithRun(ctx context.Context, run uuid.UUID) context.Context {
	return context.WithValue(ctx, runKey{}, run)
}

// runIDs generates ids for spans, taking the trace id from the run. It
// implements the SDK's IDGenerator and is safe for concurrent use.
type runIDs struct{}

func (runIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if run, ok := ctx.Value(runKey{}).(uuid.UUID); ok {
		return trace.TraceID(run), NewSpanID()
	}
	var id trace.TraceID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64()|1) // an id of zeros is invalid
	return id, NewSpanID()
}

func (runIDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return NewSpanID() }

// NewSpanID returns a random span id.
func NewSpanID() trace.SpanID {
	var id trace.SpanID
	binary.NativeEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}

// byRun samples a share of traces by the last 56 bits of the trace id, the part
// that W3C Trace Context Level 2 calls random. The SDK's own ratio sampler looks
// at bits that are fixed in a UUID, so it would keep all runs or none.
type byRun struct{ ratio float64 }

func (s byRun) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	const space = 1 << 56
	random := binary.BigEndian.Uint64(p.TraceID[8:]) % space
	decision := sdk.Drop
	if random < uint64(s.ratio*space) {
		decision = sdk.RecordAndSample
	}
	return sdk.SamplingResult{Decision: decision, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

func (s byRun) Description() string { return "share of runs by trace id" }

// DescribeRun names a run's job on a span.
func DescribeRun(span trace.Span, namespace, job string) {
	span.SetAttributes(attribute.String("carillon.namespace", namespace), attribute.String("carillon.job", job))
}
