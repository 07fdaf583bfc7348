package telemetry

import (
	"context"
	"fmt"
	"net/url"

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
	if err := config.validate(); err != nil {
		return nil, err
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

// validate refuses what the exporter would take and silently make something else of.
func (c Config) validate() error {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT must be an address like http://127.0.0.1:4317, not %q", c.Endpoint)
	}
	if !(c.Ratio >= 0 && c.Ratio <= 1) { // so that NaN is none either
		return fmt.Errorf("OTEL_TRACES_SAMPLER_ARG must be from 0 to 1, not %g", c.Ratio)
	}
	return nil
}
