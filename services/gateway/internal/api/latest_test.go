package api

import (
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/google/uuid"
)

func TestManyEventsOfFewJobsAreHeld(t *testing.T) {
	t.Parallel()
	l, jobs := newLatest(), []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	const events = 30_000
	for i := range events {
		l.add(&feed.Event{Sequence: uint64(i), JobID: jobs[i%3]})
		if l.full() || len(l.kept) > 2*mostHeld {
			t.Fatalf("after %d events of three jobs: full %v, %d held", i, l.full(), len(l.kept))
		}
	}
	next := uint64(events - 3)
	for event, skipped := range l.all() {
		if event.Sequence != next || skipped != events/3-1 {
			t.Errorf("event %d stands for %d, want %d for %d", event.Sequence, skipped, next, events/3-1)
		}
		next++
	}
	for range mostHeld {
		l.add(&feed.Event{JobID: uuid.New()})
	}
	if !l.full() {
		t.Error("any number of jobs is held")
	}
}
