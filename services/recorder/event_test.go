package recorder_test

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	job  = uuid.MustParse("0198c5a0-0000-7000-8000-000000000001")
)

// succeeded is the end of the n-th run of a job that fires every second.
func succeeded(n int) wire.Outcome {
	outcome := outcomeOf(n, carillon.StateSucceeded)
	outcome.FinishedAt = outcome.StartedAt.Add(2 * time.Millisecond)
	outcome.Attempt.FinishedAt, outcome.Attempt.Status, outcome.Attempt.Response = outcome.FinishedAt, 200, `{"ok":true}`
	return outcome
}

// started is the news that the n-th run makes its first call.
func started(n int) wire.Outcome { return outcomeOf(n, carillon.StateRunning) }

func outcomeOf(n int, state carillon.State) wire.Outcome {
	fire := noon.Add(time.Duration(n) * time.Second)
	call := wire.Call{JobID: job, Job: "report", Namespace: "default", Revision: 1, Queue: "default"}
	run := wire.Run{ID: carillon.NewRunID(job, carillon.KindSchedule, fire), Kind: carillon.KindSchedule, FireTime: fire, PlannedAt: fire}
	outcome := wire.NewOutcome(run, call, state)
	outcome.StartedAt, outcome.Attempts = fire.Add(time.Millisecond), 1
	outcome.Attempt = &wire.Attempt{Number: 1, StartedAt: outcome.StartedAt}
	return outcome
}

// publish stores an event of each of the runs from one number up to another, a
// thousand at a time: a busy server falls behind.
func (s *stage) publish(t testing.TB, event topology.Event, what func(n int) wire.Outcome, from, to int) {
	t.Helper()
	const most = 1000
	acks := make([]func() error, 0, most)
	for n := from; n < to; n++ {
		acks = append(acks, s.send(t, event, wire.Encode(what(n)), nil))
		if len(acks) == most || n == to-1 {
			await(t, acks)
			acks = acks[:0]
		}
	}
}

func await(t testing.TB, acks []func() error) {
	t.Helper()
	for _, stored := range acks {
		if err := stored(); err != nil {
			t.Fatal(err)
		}
	}
}

// send publishes a message; stored waits until the server has it.
func (s *stage) send(t testing.TB, event topology.Event, body []byte, header nats.Header) (stored func() error) {
	t.Helper()
	future, err := s.js.PublishMsgAsync(&nats.Msg{Subject: topology.Outcome("default", job, event), Data: body, Header: header})
	if err != nil {
		t.Fatal(err)
	}
	return func() error {
		select {
		case <-future.Ok():
			return nil
		case err := <-future.Err():
			return err
		}
	}
}
