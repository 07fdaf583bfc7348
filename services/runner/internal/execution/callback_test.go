package execution

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/outbox"
	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// accepting answers every call with 202.
type accepting struct{ calls atomic.Int32 }

func (a *accepting) Call(_ context.Context, run wire.Run, _ string) wire.Attempt {
	a.calls.Add(1)
	return wire.Attempt{Number: run.Attempt, StartedAt: time.Now().UTC(), Status: http.StatusAccepted}
}

// dying is an outbox of a runner that dies before it parks anything.
type dying struct{ *outbox.Outbox }

func (o dying) Publish(ctx context.Context, msg *nats.Msg) error {
	if msg.Header.Get(jetstream.ScheduleHeader) != "" {
		return errors.New("dead")
	}
	return o.Outbox.Publish(ctx, msg)
}

func (s *stage) book() *callback.Book {
	s.Helper()
	book, err := callback.Open(s.Context(), s.js)
	if err != nil {
		s.Fatal(err)
	}
	return book
}

func (s *stage) planAsynchronous() (wire.Run, wire.Call) {
	s.Helper()
	call := wire.Call{JobID: carillon.NewJobID(), Namespace: "default", Queue: "default"}
	call.Target.Callback = &carillon.Callback{TTL: carillon.Duration(time.Hour)}
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 1}
	s.publish(call, run)
	return run, call
}

func (s *stage) succeed(run wire.Run) {
	s.Helper()
	if _, err := s.book().Enter(s.Context(), run.ID, 1, wire.Report{State: carillon.StateSucceeded, At: time.Now().UTC()}); err != nil {
		s.Fatal(err)
	}
}

// expecting is a worker whose runs may be called back.
func (s *stage) expecting(c Target) *Worker {
	w := s.worker(c, 0)
	w.Callbacks = s.book()
	return w
}

func TestARunnerThatDiesBeforeTheParkingCallsAgain(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &accepting{}
	s.planAsynchronous()
	w := s.expecting(c)
	w.Outbox = dying{outbox.New(s.js)}
	w.Handle(t.Context(), s.next())
	s.expecting(c).Handle(t.Context(), s.next())
	s.left(1)
	if c.calls.Load() != 2 {
		t.Errorf("%d calls, want a second one", c.calls.Load())
	}
}

func TestARunThatWasCalledBackMeanwhileIsNotCalledAgain(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &accepting{}
	run, _ := s.planAsynchronous()
	w := s.expecting(c)
	w.Outbox = dying{outbox.New(s.js)}
	w.Handle(t.Context(), s.next())
	s.succeed(run)
	s.expecting(c).Handle(t.Context(), s.next())
	s.left(0)
	if got := s.states(2); c.calls.Load() != 1 || got[0] != carillon.StateRunning || got[1] != carillon.StateSucceeded {
		t.Errorf("%d calls, states %v", c.calls.Load(), got)
	}
}

func TestALostAcknowledgementLeavesTheWaitAlone(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &accepting{}
	run, call := s.planAsynchronous()
	s.expecting(c).Handle(t.Context(), unheard(s.next()))
	s.left(2)
	s.succeed(run) // and its gateway dies before it wakes the run
	s.expecting(c).Handle(t.Context(), s.next())
	s.left(1)
	stream, err := s.js.Stream(t.Context(), topology.RunsStream)
	if err == nil {
		_, err = stream.GetLastMsgForSubject(t.Context(), topology.Callback(call.JobID, "default", run.ID))
	}
	if err != nil || c.calls.Load() != 1 {
		t.Errorf("%d calls, woken: %v", c.calls.Load(), err)
	}
}
