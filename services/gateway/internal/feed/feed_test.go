package feed

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/ring"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// stage is a feed that runs over a real server.
type stage struct {
	*testing.T
	js   jetstream.JetStream
	feed *Feed
}

func newStage(t *testing.T, linger time.Duration) *stage {
	t.Helper()
	js := natstest.Start(t).Streams()
	s := &stage{T: t, js: js, feed: New(js.Conn(), js)}
	s.feed.linger = linger
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error)
	go func() { ended <- s.feed.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-ready
	return s
}

// everywhere is the context of somebody who may see all events.
func everywhere(t *testing.T) context.Context { return scope.With(t.Context(), scope.All()) }

func (s *stage) publish() {
	s.Helper()
	if _, err := s.js.Publish(s.Context(), topology.Outcome("default", uuid.New(), topology.EventFinished), []byte("{}")); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) after(sequence uint64) *Reader {
	s.Helper()
	reader, err := s.feed.After(everywhere(s.T), sequence)
	if err != nil {
		s.Fatal(err)
	}
	return reader
}

// expect reads the one event or reset that comes next.
func (s *stage) expect(reader *Reader, want string) {
	s.Helper()
	events, err := reader.Next(s.Context(), make([]*Event, 0, 1))
	got := fmt.Sprint(err)
	if reset, ok := errors.AsType[*ring.Reset](err); ok {
		got = fmt.Sprint("reset to ", reset.Sequence)
	} else if err == nil {
		got = fmt.Sprint("event ", events[0].Sequence)
	}
	if got != want {
		s.Errorf("got %s, want %s", got, want)
	}
}

// subscriptions waits until the connection has so many.
func (s *stage) subscriptions(want int) {
	s.Helper()
	eventually.Succeeds(s, func() error {
		if got := s.js.Conn().NumSubscriptions(); got != want {
			return fmt.Errorf("%d subscriptions, want %d", got, want)
		}
		return nil
	})
}

func TestEventsAreTakenOnlyWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	s := newStage(t, 500*time.Millisecond)
	s.publish()
	without := s.js.Conn().NumSubscriptions()
	reader, err := s.feed.Live(everywhere(t))
	if err != nil {
		t.Fatal(err)
	}
	s.subscriptions(without + 1)
	s.publish()
	s.expect(reader, "event 2")

	s.subscriptions(without)
	s.publish()                    // seen by nobody
	s.expect(reader, "reset to 3") // the same reader, long away
	s.subscriptions(without)
	s.expect(s.after(2), "reset to 3")

	s.subscriptions(without)
	again := s.after(3) // has missed nothing
	s.publish()
	s.expect(again, "event 4")
	s.subscriptions(without)
}

// A client whose gateway dies goes on at another, from the event it saw last.
func TestOneGatewaysReaderOpensTheFeedsOfAll(t *testing.T) {
	t.Parallel()
	s := newStage(t, time.Minute)
	other := New(s.js.Conn(), s.js)
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error)
	go func() { ended <- other.Run(ctx, func() { close(ready) }) }()
	defer func() { cancel(); <-ended }()
	<-ready

	without := s.js.Conn().NumSubscriptions()
	here := s.after(0)
	s.subscriptions(without + 2)
	<-other.want() // until the other one knows where the stream stood
	s.publish()
	s.publish()
	s.expect(here, "event 1")
	there, err := other.After(everywhere(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	s.expect(there, "event 2")
}

func TestAnotherStreamMadeWhileClosedIsToldOf(t *testing.T) {
	t.Parallel()
	s := newStage(t, 300*time.Millisecond)
	reader := s.after(0)
	s.publish()
	s.publish()
	s.expect(reader, "event 1")
	without := s.js.Conn().NumSubscriptions() - 1
	s.subscriptions(without)
	if err := s.js.DeleteStream(t.Context(), topology.OutcomesStream); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), s.js, 1); err != nil {
		t.Fatal(err)
	}
	s.publish()
	s.expect(s.after(2), "reset to 1")
}

// A reader that waits for its first event for longer than a feed lingers keeps
// the feed open.
func TestAReaderThatWaitsKeepsTheFeedOpen(t *testing.T) {
	t.Parallel()
	s := newStage(t, time.Millisecond)
	reader := s.after(0)
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.expect(reader, "event 1")
	}()
	eventually.Succeeds(t, func() error {
		if !s.feed.isRead() || s.feed.closeIfIdle() {
			return errors.New("nobody waits")
		}
		return nil
	})
	s.publish()
	<-read
}

func TestAFeedThatCannotOpenSaysSo(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.Streams()
	idle := New(js.Conn(), js) // nobody runs it
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := idle.Live(ctx); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if _, err := idle.After(ctx, 1); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
