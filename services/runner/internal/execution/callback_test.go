package execution

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/outbox"
	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
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

func (a *accepting) Clean(text string) string { return strings.ReplaceAll(text, "s3cr3t", "(secret)") }

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

// A target may say what it was sent, to the ledger and to the book.
func TestWhatATargetReportsLosesItsSecrets(t *testing.T) {
	t.Parallel()
	for state, text := range map[carillon.State]func(*wire.Attempt) string{
		carillon.StateSucceeded: func(a *wire.Attempt) string { return a.Response },
		carillon.StateFailed:    func(a *wire.Attempt) string { return a.Error },
	} {
		s, c := newStage(t), &accepting{}
		run, _ := s.planAsynchronous()
		if _, err := s.book().Enter(t.Context(), run.ID, 1, wire.Report{State: state, Message: "got s3cr3t", At: time.Now().UTC()}); err != nil {
			t.Fatal(err)
		}
		if err := s.next().Nak(); err != nil {
			t.Fatal(err)
		}
		s.expecting(c).Handle(t.Context(), s.next())
		msg, err := s.outcomes.NextMsg(patience)
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := wire.Decode[wire.Outcome](msg.Data)
		if err != nil || outcome.State != state || !strings.HasSuffix(text(outcome.Attempt), "got (secret)") {
			t.Errorf("outcome %+v %+v, %v", outcome, outcome.Attempt, err)
		}
		eventually.Succeeds(t, func() error {
			report, ok, err := s.book().Find(t.Context(), run.ID, 1)
			if err == nil && (!ok || report.Message != "got (secret)") {
				err = fmt.Errorf("the book holds %+v", report)
			}
			return err
		})
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
