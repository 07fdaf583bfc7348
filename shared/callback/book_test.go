package callback

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func opened(t *testing.T, js jetstream.JetStream) *Book {
	t.Helper()
	book, err := Open(t.Context(), js)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func TestAllBooksHaveOneSecret(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.Streams()
	if _, err := Open(t.Context(), natstest.Start(t).Connect()); err == nil {
		t.Error("a book without its bucket was opened")
	}
	tokens, want := make(chan string, 8), ticket()
	for range cap(tokens) {
		go func() {
			book, err := Open(t.Context(), js)
			if err != nil {
				t.Error(err)
				tokens <- ""
				return
			}
			tokens <- book.Token(want)
		}()
	}
	first := <-tokens
	for range cap(tokens) - 1 {
		if token := <-tokens; token != first {
			t.Errorf("tokens %s and %s", first, token)
		}
	}
	server.Stop()
	server.Restart()
	eventually.Succeeds(t, func() error {
		book, err := Open(t.Context(), js)
		if err == nil && book.Token(want) != first {
			t.Error("another secret after a restart")
		}
		return err
	})
}

func TestTheFirstReportStands(t *testing.T) {
	t.Parallel()
	book, run := opened(t, natstest.Start(t).Streams()), uuid.New()
	if _, ok, err := book.Find(t.Context(), run, 1); ok || err != nil {
		t.Errorf("found %v, %v", ok, err)
	}
	var racing sync.WaitGroup
	stand := make([]wire.Report, 8)
	for i := range stand {
		racing.Go(func() {
			report := wire.Report{State: carillon.StateSucceeded, Message: fmt.Sprint(i), At: time.Now().UTC()}
			var err error
			if stand[i], err = book.Enter(t.Context(), run, 1, report); err != nil {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	found, ok, err := book.Find(t.Context(), run, 1)
	if !ok || err != nil {
		t.Fatalf("found %v, %v", ok, err)
	}
	for _, report := range stand {
		if diff := cmp.Diff(found, report); diff != "" {
			t.Error(diff)
		}
	}
	if _, ok, err := book.Find(t.Context(), run, 2); ok || err != nil {
		t.Errorf("a report on another attempt: %v, %v", ok, err)
	}
}

func TestAReportThatWasToldIsForgottenSooner(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	book, run := opened(t, js), uuid.New()
	report, err := book.Enter(t.Context(), run, 1, wire.Report{State: carillon.StateFailed, Message: "no"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.PublishMsg(t.Context(), Told(run, 1, report, 90*time.Minute)); err != nil {
		t.Fatal(err)
	}
	stored, err := bus.Last(t.Context(), js.Conn(), topology.CallbacksStream, topology.CallbackSubject(topology.CallbackKey(run, 1)))
	if err != nil || stored.Header.Get(jetstream.MsgTTLHeader) != "2h30m0s" {
		t.Errorf("stored %+v, %v", stored, err)
	}
	if again, err := book.Enter(t.Context(), run, 1, wire.Report{State: carillon.StateSucceeded}); err != nil || again != report {
		t.Errorf("%+v stands, %v, want %+v", again, err, report)
	}
}

// parked is a run that waits for its callback, or for its next attempt.
type parked struct {
	job uuid.UUID
	wire.Run
}

func park(t *testing.T, js jetstream.JetStream, wait *wire.Wait) parked {
	t.Helper()
	p := parked{carillon.NewJobID(), wire.Run{ID: uuid.New(), Attempt: 2, Wait: wait}}
	_, err := js.PublishMsg(t.Context(), &nats.Msg{
		Subject: topology.Retry(p.job, "default", p.ID), Data: []byte("the call"),
		Header: nats.Header{
			wire.RunHeader: {string(wire.Encode(p.Run))}, "traceparent": {"00"},
			jetstream.ScheduleHeader:       {"@at " + time.Now().Add(time.Hour).UTC().Format(time.RFC3339)},
			jetstream.ScheduleTargetHeader: {topology.Callback(p.job, "default", p.ID)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func runs(t *testing.T, js jetstream.JetStream) (subjects map[string]uint64) {
	t.Helper()
	stream, err := js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter("run.>"))
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Subjects
}

func TestARunThatWaitsIsWokenOnce(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	book, waiting := opened(t, js), park(t, js, &wire.Wait{})
	var racing sync.WaitGroup
	for range 8 {
		racing.Go(func() {
			if err := book.Wake(t.Context(), waiting.job, waiting.ID, 2); err != nil {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	subject := topology.Callback(waiting.job, "default", waiting.ID)
	if diff := cmp.Diff(map[string]uint64{subject: 1}, runs(t, js)); diff != "" {
		t.Error(diff)
	}
	woken, err := bus.Last(t.Context(), js.Conn(), topology.RunsStream, subject)
	if err != nil || string(woken.Data) != "the call" || woken.Header.Get("traceparent") != "00" || woken.Header.Get(wire.RunHeader) != string(wire.Encode(waiting.Run)) {
		t.Errorf("woken %+v, %v", woken, err)
	}
}

func TestWhatDoesNotWaitForTheCallbackIsLeftAlone(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	book, retry, other := opened(t, js), park(t, js, nil), park(t, js, &wire.Wait{})
	before := runs(t, js)
	err := errors.Join(book.Wake(t.Context(), retry.job, retry.ID, 2), book.Wake(t.Context(), other.job, other.ID, 1),
		book.Wake(t.Context(), other.job, uuid.New(), 2))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, runs(t, js)); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutAServerABookSaysSo(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	book := opened(t, server.Streams())
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, entering := book.Enter(ctx, uuid.New(), 1, wire.Report{})
	_, _, finding := book.Find(ctx, uuid.New(), 1)
	if waking := book.Wake(ctx, uuid.New(), uuid.New(), 1); entering == nil || finding == nil || waking == nil {
		t.Errorf("errors %v, %v, %v", entering, finding, waking)
	}
}
