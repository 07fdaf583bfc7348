package system

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

const (
	herdSize  = 1000
	herdLimit = 50 // the concurrency of the queue "default"
)

// TestAHerdStaysWithinItsLimit makes 1,000 jobs due at one instant, on a queue
// of 50, and counts at the target, in the ledger and on the live feed.
func TestAHerdStaysWithinItsLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		tg := newTarget(t, 20*time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		events := make(chan client.Event, 8*herdSize)
		ended := make(chan error, 1)
		go func() { ended <- s.Feed(ctx, events) }()
		s.createHerd(t, herdSize, time.Now().Add(40*time.Second).Truncate(time.Second), tg.url)

		until(t, 2*time.Minute, func() error {
			if n := len(s.runs(t, "state=succeeded")); n < herdSize {
				return fmt.Errorf("%d of %d runs succeeded", n, herdSize)
			}
			return nil
		})
		if rows := s.runs(t, ""); len(rows) != herdSize {
			t.Errorf("%d rows for %d fires", len(rows), herdSize)
		}
		calls, peak := tg.counts()
		if peak > herdLimit {
			t.Errorf("%d calls in flight on a queue of %d", peak, herdLimit)
		}
		if len(calls) != herdSize {
			t.Errorf("%d runs called, want %d", len(calls), herdSize)
		}
		for key, n := range calls {
			if n != 1 {
				t.Errorf("run %s called %d times", key, n)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("live feed: %v", err)
		}
		checkFeed(t, events)
	})
}

// checkFeed holds the live feed to every run, in order of sequence, with no gap.
func checkFeed(t *testing.T, events <-chan client.Event) {
	t.Helper()
	var last uint64
	finished := map[string]int{}
	for event := range events {
		if last != 0 && event.Sequence != last+1 {
			t.Fatalf("event %d follows %d", event.Sequence, last)
		}
		last = event.Sequence
		if event.Run.State == carillon.StateSucceeded {
			finished[event.Run.RunID.String()]++
		}
	}
	if len(finished) != herdSize {
		t.Errorf("%d runs seen on the live feed, want %d", len(finished), herdSize)
	}
	for id, n := range finished {
		if n != 1 {
			t.Errorf("run %s finished %d times on the live feed", id, n)
		}
	}
}
