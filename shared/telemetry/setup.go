package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Config says whether and how much to trace.
type Config struct {
	// Endpoint is the OTLP/gRPC collector, like http://127.0.0.1:4317; empty
	// turns tracing off.
	Endpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	// Ratio is the share of runs that are traced, from 0 to 1.
	Ratio float64 `env:"OTEL_TRACES_SAMPLER_ARG" envDefault:"1"`
}

// Start installs the process-wide tracer provider and propagator. The returned
// function flushes what is pending and must be called before the process ends.
// With no endpoint it does nothing and every tracer is a no-op.
func Start(ctx context.Context, config Config, service string) (stop func(context.Context) error, err error) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if config.Endpoint == "" {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(config.Endpoint))
	if err != nil {
		return nil, fmt.Errorf("trace exporter: %w", err)
	}
	provider := trace.NewTracerProvider(
		trace.WithBatcher(exporter),
		trace.WithIDGenerator(runIDs{}),
		trace.WithSampler(trace.ParentBased(byRun{ratio: config.Ratio})),
		trace.WithResource(resource.NewSchemaless(attribute.String("service.name", service))),
	)
	otel.SetTracerProvider(provider)
	return provider.Shutdown, nil
}
