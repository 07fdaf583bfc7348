package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// saying returns an event that differs from others only in what orders it.
func saying(state carillon.State, attempts int, finished time.Time) *wire.Outcome {
	return &wire.Outcome{FireTime: noon, State: state, Attempts: attempts, FinishedAt: finished}
}

func because(event *wire.Outcome, reason string) *wire.Outcome {
	event.Reason = reason
	return event
}

func TestLater(t *testing.T) {
	t.Parallel()
	never := time.Time{}
	ascending := []*wire.Outcome{
		saying(carillon.StateQueued, 0, never),
		because(saying(carillon.StateQueued, 0, never), "waits until 2026-03-01T12:00:00Z: b is slow to answer"),
		because(saying(carillon.StateQueued, 0, never), "waits until 2026-03-01T12:01:00Z: a has failed again and again"),
		saying(carillon.StateRunning, 1, never),
		saying(carillon.StateRetrying, 1, never),
		saying(carillon.StateRunning, 2, never),
		because(saying(carillon.StateRunning, 2, never), "waits for its callback"),
		saying(carillon.StateRetrying, 2, never),
		saying(carillon.StateMissed, 0, noon),
		saying(carillon.StateSkipped, 0, noon),
		saying(carillon.StateExpired, 0, noon),
		saying(carillon.StateCancelled, 1, noon),
		saying(carillon.StateLost, 5, noon),
		saying(carillon.StateFailed, 1, noon),
		saying(carillon.StateFailed, 3, noon),
		saying(carillon.StateSucceeded, 1, noon),
		saying(carillon.StateSucceeded, 1, noon.Add(time.Microsecond)),
		saying(carillon.StateSucceeded, 2, noon),
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := later(a, b) > 0, i > j; got != want {
				t.Errorf("%s with %d attempts says more than %s with %d: %t", a.State, a.Attempts, b.State, b.Attempts, got)
			}
		}
	}
}

func TestLaterSeesNoMoreThanPostgresKeeps(t *testing.T) {
	t.Parallel()
	a := saying(carillon.StateSucceeded, 1, noon)
	b := saying(carillon.StateSucceeded, 1, noon.Add(time.Nanosecond))
	if later(a, b) != 0 {
		t.Error("a nanosecond makes a difference")
	}
}

func TestOrderHoldsEveryState(t *testing.T) {
	t.Parallel()
	for _, state := range carillon.States() {
		place := slices.Index(order, state)
		if place < 0 || state.Final() != (place > lastOpen) {
			t.Errorf("%s is at place %d", state, place)
		}
	}
	if len(order) != len(carillon.States()) {
		t.Errorf("%d places for %d states", len(order), len(carillon.States()))
	}
}

func TestLaterAttempt(t *testing.T) {
	t.Parallel()
	ascending := []wire.Attempt{
		{},
		{Class: wire.ClassInterrupted},
		{FinishedAt: noon, Class: wire.ClassInterrupted},
		{FinishedAt: noon.Add(time.Second), Class: wire.ClassConnect},
		{FinishedAt: noon, Status: 500, Class: wire.ClassStatus},
		{FinishedAt: noon.Add(time.Second), Status: 200},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := laterAttempt(&a, &b) > 0, i > j; got != want {
				t.Errorf("attempt %d says more than %d: %t", i, j, got)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	job := uuid.New()
	fit := wire.Outcome{RunID: carillon.NewRunID(job, carillon.KindSchedule, noon), JobID: job, FireTime: noon, State: carillon.StateQueued}
	table := map[string]func(*wire.Outcome){
		"fire time of another run": func(o *wire.Outcome) { o.FireTime = noon.Add(time.Second) },
		"no fire time":             func(o *wire.Outcome) { o.FireTime = time.Time{} },
		"no id":                    func(o *wire.Outcome) { o.RunID = uuid.Nil },
		"unknown state":            func(o *wire.Outcome) { o.State = "asleep" },
		"negative attempts":        func(o *wire.Outcome) { o.Attempts = -1 },
		"too many attempts":        func(o *wire.Outcome) { o.Attempts = 1 << 31 },
		"attempt out of range":     func(o *wire.Outcome) { o.Attempt = &wire.Attempt{Number: 1 << 31} },
		"status out of range":      func(o *wire.Outcome) { o.Attempt = &wire.Attempt{Status: -1} },
	}
	if err := Check(&fit); err != nil {
		t.Errorf("fit event: %v", err)
	}
	for name, spoil := range table {
		event := fit
		if spoil(&event); Check(&event) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
