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
// call with how long they do when nothing else is there. Both are measured in turn,
// for the machine does other things; the best of each counts. It has no other test
// beside it.
func TestASaturatedQueueLeavesOthersAlone(t *testing.T) {
	// What a timer and a busy scheduler may add to a wait of less than a millisecond.
	const noise, rounds, least = 2 * time.Millisecond, 8, 2
	s, quick := newStage(t), newTarget(t, nil)
	for _, queue := range carillon.BuiltinQueues() {
		s.define(queue)
	}
	s.follow()
	s.start(func(c *config) { c.Slots = 20 })
	call := s.call(quick.URL)
	call.Queue = "critical"
	s.waits(call) // so that all is warm
	idle, loaded := time.Hour, time.Hour
	for round := 1; round <= least || round <= rounds && loaded > 2*idle+noise; round++ {
		idle = min(idle, s.waits(call))
		release := s.saturate("low")
		loaded = min(loaded, s.waits(call))
		release()
	}
	t.Logf("p99 wait in critical: %s idle, %s with low saturated", idle, loaded)
	if loaded > 2*idle+noise {
		t.Errorf("p99 wait %s, want at most twice %s", loaded, idle)
	}
}

// saturate fills a queue with runs that do not end until they are released.
func (s *stage) saturate(queue string) (release func()) {
	s.Helper()
	over := make(chan struct{})
	slow := newTarget(s, func(http.ResponseWriter, *http.Request) { <-over })
	stuck := s.call(slow.URL)
	stuck.Queue = queue
	var held []wire.Run
	for range 200 {
		held = append(held, s.plan(stuck))
	}
	s.eventually(func() error { return called(slow, 2) }) // all that it has here
	return func() {
		close(over)
		for _, run := range held {
			s.final(run)
		}
	}
}

// waits plans runs of a call at a steady pace and returns how long they wait for
// it, at the 99th percentile.
func (s *stage) waits(call wire.Call) (p99 time.Duration) {
	s.Helper()
	const runs = 300
	var planned []wire.Run
	for pace := time.NewTicker(5 * time.Millisecond); len(planned) < runs; <-pace.C {
		planned = append(planned, s.plan(call))
	}
	waited := make([]time.Duration, runs)
	for i, run := range planned {
		waited[i] = s.final(run).StartedAt.Sub(run.PlannedAt)
	}
	slices.Sort(waited)
	return waited[runs*99/100]
}
