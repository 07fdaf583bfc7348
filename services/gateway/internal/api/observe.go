package api

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

var requestSeconds = promauto.NewHistogramVec(prometheus.HistogramOpts{
	Name: "carillon_gateway_request_seconds", Help: "Time to answer API requests, by route and class of status.",
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
}, []string{"method", "route", "class"})

// observe measures and traces every request. The name of a span is the route,
// never the address, which may hold a key.
func observe(c *fiber.Ctx) error {
	start := time.Now()
	ctx, span := otel.Tracer("gateway").Start(c.UserContext(), "request", trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	c.SetUserContext(ctx)
	err := c.Next()
	if err != nil {
		err = writeError(c, err)
	}
	status, route := c.Response().StatusCode(), c.Route().Path
	requestSeconds.WithLabelValues(c.Method(), route, strconv.Itoa(status/100)+"xx").Observe(time.Since(start).Seconds())
	if span.IsRecording() {
		span.SetName(c.Method() + " " + route)
		span.SetAttributes(attribute.Int("http.response.status_code", status))
	}
	return err
}
