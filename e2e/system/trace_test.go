package system

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// TestOneTraceForARun follows a run through all services to the target.
func TestOneTraceForARun(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		tg := newTarget(t, 0)
		at := time.Now().Add(3 * time.Second).Truncate(time.Second)
		job := s.create(t, carillon.Document{
			Name: "traced", Schedule: schedule.Spec{At: &at}, Target: carillon.Target{URL: tg.url},
		})
		id := carillon.NewRunID(job.ID, carillon.KindSchedule, at)
		want := []string{"planned", "wait", "attempt", "record"}
		until(t, time.Minute, func() error { return hasSpans(spans.of(id), want) })
		checkParents(t, spans.of(id))
		if got, want := tg.parent(id.String()), "00-"+hex.EncodeToString(id[:])+"-"; !strings.HasPrefix(got, want) {
			t.Errorf("the target got traceparent %q, want the run's trace %s…", got, want)
		}
	})
}

func hasSpans(spans []*tracepb.Span, want []string) error {
	names := map[string]bool{}
	for _, span := range spans {
		names[span.Name] = true
	}
	for _, name := range want {
		if !names[name] {
			return fmt.Errorf("no span %q among %v", name, names)
		}
	}
	return nil
}

// checkParents holds a trace to one root, "planned", that all others descend from.
func checkParents(t *testing.T, spans []*tracepb.Span) {
	t.Helper()
	known := map[string]bool{}
	for _, span := range spans {
		known[string(span.SpanId)] = true
	}
	for _, span := range spans {
		root := len(span.ParentSpanId) == 0
		if root != (span.Name == "planned") || !root && !known[string(span.ParentSpanId)] {
			t.Errorf("span %q has parent %x", span.Name, span.ParentSpanId)
		}
	}
}
