package system

import (
	"context"
	"encoding/hex"
	"net"
	"strings"
	"sync"

	"github.com/google/uuid"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// collector is an OTLP/gRPC receiver that keeps every span by trace.
type collector struct {
	collectorpb.UnimplementedTraceServiceServer
	address string

	mu     sync.Mutex
	traces map[string][]*tracepb.Span
}

func startCollector() (*collector, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &collector{address: listener.Addr().String(), traces: map[string][]*tracepb.Span{}}
	server := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(listener) }() // until the process ends
	return c, nil
}

func (c *collector) endpoint() string { return "http://" + c.address }

// Export implements the OTLP trace service.
func (c *collector) Export(_ context.Context, request *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				id := hex.EncodeToString(span.TraceId)
				c.traces[id] = append(c.traces[id], span)
			}
		}
	}
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

// text is everything that has arrived, to be searched.
func (c *collector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var text strings.Builder
	for _, spans := range c.traces {
		for _, span := range spans {
			text.WriteString(span.String() + "\n")
		}
	}
	return text.String()
}

// of returns the spans of a run's trace that have arrived.
func (c *collector) of(run uuid.UUID) []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.traces[hex.EncodeToString(run[:])]
}
