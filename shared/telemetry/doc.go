// Package telemetry sets up tracing, and ties traces to runs.
//
// The W3C trace id of a run is its run id. Whoever starts the first span of a
// run does it under [WithRun], and the id generator takes the run's id for the
// new trace; everybody after that joins by the traceparent header. So a run
// links to its trace with nothing stored, even where one service along the way
// had tracing off.
//
// Tracing is off, and costs nothing, unless OTEL_EXPORTER_OTLP_ENDPOINT is set;
// the exporter reads all the standard OTEL_EXPORTER_OTLP_* variables.
// OTEL_TRACES_SAMPLER_ARG is the share of runs to trace, from 0 to 1.
//
// This package owns the SDK. The OpenTelemetry API may be used anywhere.
package telemetry
