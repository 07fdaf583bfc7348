package execution

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

func TestOverdue(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tests := map[string]struct {
		deadline carillon.Duration
		waited   time.Duration
		attempt  int
		times    int
		want     bool
	}{
		"no deadline":                         {0, time.Hour, 1, 1, false},
		"in time":                             {carillon.Duration(time.Minute), time.Minute, 1, 1, false},
		"too late":                            {carillon.Duration(time.Minute), time.Minute + 1, 1, 1, true},
		"a retry does not count":              {carillon.Duration(time.Minute), time.Hour, 2, 1, false},
		"it may have been called":             {carillon.Duration(time.Minute), time.Hour, 1, 2, false},
		"the clock of the planner is ahead":   {carillon.Duration(time.Minute), -time.Second, 1, 1, false},
		"a retry that came back, for a while": {carillon.Duration(time.Minute), time.Hour, 2, 2, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &delivery{
				run: wire.Run{PlannedAt: now.Add(-test.waited), Attempt: test.attempt}, call: &prepared{Call: &wire.Call{Deadline: test.deadline}}, times: test.times,
			}
			if d.overdue(now) != test.want {
				t.Errorf("overdue %v, want %v", !test.want, test.want)
			}
		})
	}
}

func TestARunPastItsDeadlineExpiresWithoutACall(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{}
	call := wire.Call{JobID: carillon.NewJobID(), Namespace: "default", Queue: "default", Retry: twice, Deadline: carillon.Duration(time.Minute)}
	planned := time.Now().Add(-2 * time.Minute)
	msg := &nats.Msg{
		Subject: topology.Ready(call.JobID, "default"), Data: wire.Encode(call),
		Header: nats.Header{wire.RunHeader: {string(wire.Encode(wire.Run{ID: carillon.NewJobID(), Attempt: 1, PlannedAt: planned}))}},
	}
	if _, err := s.js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	s.worker(c, 0).Handle(t.Context(), s.next())
	s.left(0)
	event, err := s.outcomes.NextMsg(patience)
	if err != nil {
		t.Fatal(err)
	}
	var outcome wire.Outcome
	if err := json.Unmarshal(event.Data, &outcome); err != nil {
		t.Fatal(err)
	}
	if outcome.State != carillon.StateExpired || !strings.HasPrefix(outcome.Reason, "waited 2m0") ||
		outcome.Attempts != 0 || !outcome.StartedAt.IsZero() || outcome.FinishedAt.IsZero() {
		t.Errorf("outcome %+v", outcome)
	}
	if !strings.HasSuffix(event.Subject, string(topology.EventFinished)) {
		t.Errorf("told on %s", event.Subject)
	}
	if c.calls.Load() != 0 {
		t.Errorf("%d calls", c.calls.Load())
	}
}

// A queue with a rate counts every attempt, so none is made in the same slot.
func TestARetryTakesItsTurnAtARate(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{answer: func(context.Context) wire.Class { return wire.ClassConnect }}
	w := s.worker(c, 0)
	s.plan(twice)
	msg := s.next()
	msg.Header.Set(pinHeader, "some-pin")
	w.Handle(t.Context(), msg)
	if c.calls.Load() != 1 {
		t.Errorf("%d calls for one message", c.calls.Load())
	}
	w.Handle(t.Context(), s.next())
	s.left(0)
	if c.calls.Load() != 2 {
		t.Errorf("%d calls, want 2", c.calls.Load())
	}
}
