package recorder_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// define stores the job of the outcomes, as the gateway would.
func (s *stage) define(t *testing.T, alerts string) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), `
		INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from)
		VALUES ($1, 'default', 'report', 1, 'default', $2, now())`, job, `{"alerts":`+alerts+`}`)
	if err != nil {
		t.Fatal(err)
	}
}

func failed(n int) wire.Outcome {
	outcome := succeeded(n)
	outcome.State, outcome.Reason, outcome.Attempt.Status = carillon.StateFailed, "answered with 500", 500
	return outcome
}

func missed(n int) wire.Outcome {
	outcome := outcomeOf(n, carillon.StateMissed)
	outcome.StartedAt, outcome.Attempts, outcome.Attempt, outcome.Reason = time.Time{}, 0, nil, "nobody planned"
	outcome.FinishedAt = outcome.FireTime.Add(time.Minute)
	return outcome
}

const alertLines = `SELECT kind || ' ' || times || CASE WHEN ended_at IS NULL THEN ' open' ELSE ' ended' END FROM alerts ORDER BY id`

// alerted waits until the alerts are these.
func (s *stage) alerted(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, func() error {
		if diff := cmp.Diff(want, s.query(t, alertLines), emptyAsNil); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

var emptyAsNil = cmp.Transformer("length", func(list []string) string { return fmt.Sprint(len(list), list) })

func TestAnAlertBeginsAndEndsOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.define(t, `{}`)
	for range 2 { // recorders side by side
		s.start(t)
	}
	s.publish(t, topology.EventFinished, failed, 0, 1)
	s.alerted(t, "failing 1 open")
	s.publish(t, topology.EventFinished, failed, 0, 50)
	eventually(t, s.drained)
	s.alerted(t, "failing 1 open")
	s.publish(t, topology.EventFinished, succeeded, 50, 51)
	s.alerted(t, "failing 1 ended")
	s.publish(t, topology.EventFinished, failed, 0, 50) // told again
	eventually(t, s.drained)
	s.publish(t, topology.EventFinished, missed, 51, 52)
	s.alerted(t, "failing 1 ended", "missed 1 open")
	s.publish(t, topology.EventFinished, failed, 52, 53) // soon enough to be the same incident
	s.alerted(t, "failing 2 open", "missed 1 ended")
}

func TestAsManyFailuresAsTheJobBears(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.define(t, `{"failures":3,"mute":["missed"]}`)
	s.publish(t, topology.EventFinished, failed, 0, 2)
	s.publish(t, topology.EventFinished, missed, 2, 4)
	s.start(t)
	eventually(t, s.drained)
	s.publish(t, topology.EventFinished, failed, 4, 5)
	s.alerted(t, "failing 1 open")
}

// TestWhatIsSkippedMeanwhileHidesNothing has a run that is late and slow, so the fire
// after it is skipped, and that is told first.
func TestWhatIsSkippedMeanwhileHidesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.define(t, `{"late_after":"10s","slow_factor":3}`)
	s.publish(t, topology.EventFinished, succeeded, 0, 20)
	s.start(t)
	eventually(t, s.drained)
	s.publish(t, topology.EventFinished, func(n int) wire.Outcome {
		outcome := missed(n)
		outcome.State = carillon.StateSkipped
		return outcome
	}, 21, 22)
	eventually(t, s.drained)
	s.publish(t, topology.EventFinished, func(n int) wire.Outcome {
		outcome := succeeded(n)
		outcome.StartedAt, outcome.FinishedAt = outcome.FireTime.Add(time.Minute), outcome.FireTime.Add(time.Hour)
		return outcome
	}, 20, 21)
	s.alerted(t, "late 1 open", "slow 1 open")
	s.publish(t, topology.EventFinished, succeeded, 22, 23)
	s.alerted(t, "late 1 ended", "slow 1 ended")
}

func TestWhatOthersRaise(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.define(t, `{}`)
	s.start(t)
	raise := func(id uuid.UUID, kind carillon.AlertKind, firing bool) {
		said := wire.Alert{JobID: id, Kind: kind, Firing: firing, Reason: "3 fires have no run", At: time.Now()}
		if _, err := s.js.Publish(t.Context(), topology.AlertSignal(id), wire.Encode(said)); err != nil {
			t.Fatal(err)
		}
	}
	raise(uuid.New(), carillon.AlertUnexplained, true) // of no job
	raise(job, carillon.AlertUnexplained, false)       // what did not begin
	for range 3 {
		raise(job, carillon.AlertUnexplained, true)
	}
	s.alerted(t, "unexplained 1 open")
	raise(job, carillon.AlertUnexplained, false)
	s.alerted(t, "unexplained 1 ended")
}

func TestACheckIsOverdueOnceAndRecoversOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	token := uuid.New()
	_, err := s.pool.Exec(t.Context(), `
		INSERT INTO checks (id, token, namespace, name, revision, document)
		VALUES ($1, $2, 'default', 'backup', 1, '{"namespace":"default","name":"backup","period":"1s","grace":"1s"}')`, uuid.New(), token)
	if err != nil {
		t.Fatal(err)
	}
	s.start(t)
	ping := func(event wire.PingEvent, at ...time.Time) {
		said := wire.Ping{Event: event, Message: "x"}
		if len(at) > 0 {
			said.At = at[0]
		}
		if _, err := s.js.Publish(t.Context(), topology.PingSignal(token), wire.Encode(said)); err != nil {
			t.Fatal(err)
		}
	}
	ping(wire.PingSuccess)
	s.alerted(t, "overdue 1 open")
	if _, err := s.pool.Exec(t.Context(), `UPDATE checks SET revision = 2, document = document || '{"period":"1h"}'`); err != nil {
		t.Fatal(err)
	}
	s.alerted(t, "overdue 1 ended")                   // for it is not expected any more
	ping(wire.PingSuccess, time.Now().Add(time.Hour)) // by a clock that is wrong
	ping(wire.PingFail, time.Now().Add(-time.Minute)) // put back from a copy
	ping(wire.PingFail)
	s.alerted(t, "overdue 1 ended", "failing 1 open")
	ping(wire.PingStart)
	ping(wire.PingSuccess)
	s.alerted(t, "overdue 1 ended", "failing 1 ended")
}

// A gateway of another version may have written what this one cannot read.
func TestWhatCannotBeReadStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.define(t, `{}`)
	bad, token := uuid.New(), uuid.New()
	for sql, args := range map[string][]any{
		`INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from)
			VALUES ($1, 'default', 'bad', 1, 'default', '{"alerts":7}', now())`: {bad},
		`INSERT INTO checks (id, token, namespace, name, revision, document)
			VALUES ($1, $2, 'default', 'bad', 1, '{"period":[]}')`: {bad, token},
	} {
		if _, err := s.pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	ofBad := failed(0)
	ofBad.JobID, ofBad.RunID = bad, carillon.NewRunID(bad, ofBad.Kind, ofBad.FireTime)
	s.publish(t, topology.EventFinished, func(int) wire.Outcome { return ofBad }, 0, 1)
	s.publish(t, topology.EventFinished, failed, 1, 2)
	s.start(t)
	s.alerted(t, "failing 1 open")
	if _, err := s.js.Publish(t.Context(), topology.PingSignal(token), wire.Encode(wire.Ping{Event: wire.PingSuccess})); err != nil {
		t.Fatal(err)
	}
	for _, id := range []uuid.UUID{bad, job} {
		said := wire.Alert{JobID: id, Kind: carillon.AlertUnexplained, Firing: true, At: time.Now()}
		if _, err := s.js.Publish(t.Context(), topology.AlertSignal(id), wire.Encode(said)); err != nil {
			t.Fatal(err)
		}
	}
	s.alerted(t, "failing 1 open", "unexplained 1 open")
}
