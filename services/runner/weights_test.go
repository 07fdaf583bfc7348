package runner_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// TestASaturatedQueueLeavesOthersAlone fills the queue low with slow runs, more
// than it has slots for, and compares how long runs of critical wait for their
// call with how long they do when nothing else is there.
func TestASaturatedQueueLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s, quick := newStage(t), newTarget(t, nil)
	slow := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release })
	for _, queue := range carillon.BuiltinQueues() {
		s.define(queue)
	}
	s.follow()
	s.start(func(c *config) { c.Slots = 20 })
	call := s.call(quick.URL)
	call.Queue = "critical"
	s.waits(call) // so that all is warm
	idle := s.waits(call)
	stuck := s.call(slow.URL)
	stuck.Queue = "low"
	var held []wire.Run
	for range 200 {
		held = append(held, s.plan(stuck))
	}
	s.eventually(func() error { return called(slow, 2) }) // all that low has here
	loaded := s.waits(call)
	close(release)
	for _, run := range held {
		s.final(run)
	}
	t.Logf("p99 wait in critical: %s idle, %s with low saturated", idle, loaded)
	if noise := 20 * time.Millisecond; loaded > 2*idle+noise {
		t.Errorf("p99 wait %s, want at most twice %s", loaded, idle)
	}
}

// waits plans runs of a call at a steady pace and returns how long they wait for
// it, at the 99th percentile: the best of three, for the machine does other things.
func (s *stage) waits(call wire.Call) (p99 time.Duration) {
	s.Helper()
	const runs = 200
	best := make([]time.Duration, 3)
	for i := range best {
		var planned []wire.Run
		for pace := time.NewTicker(5 * time.Millisecond); len(planned) < runs; <-pace.C {
			planned = append(planned, s.plan(call))
		}
		waited := make([]time.Duration, runs)
		for i, run := range planned {
			waited[i] = s.final(run).StartedAt.Sub(run.PlannedAt)
		}
		slices.Sort(waited)
		best[i] = waited[runs*99/100]
	}
	return slices.Min(best)
}
