package lane

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// stage is a server with a set of lanes, whose runs come to a channel.
type stage struct {
	*testing.T
	js    jetstream.JetStream
	taken chan string
}

func newStage(t *testing.T, linger time.Duration) *stage {
	t.Helper()
	s := &stage{T: t, js: natstest.Start(t).Streams(), taken: make(chan string, 100)}
	set := NewSet(Config{Conn: s.js.Conn(), JS: s.js, Slots: 10, Linger: linger, Handle: func(msg *nats.Msg) bool {
		_ = msg.Ack()
		s.taken <- string(msg.Data)
		return true
	}})
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		set.Run(ctx, func() { close(ready) })
	}()
	t.Cleanup(func() { cancel(); <-ended })
	<-ready
	return s
}

func (s *stage) publish(subject string, data []byte) {
	s.Helper()
	if _, err := s.js.Publish(s.Context(), subject, data); err != nil {
		s.Fatal(err)
	}
}

// runs plans a run in queue "late" and waits until it is taken.
func (s *stage) runs(name string) {
	s.Helper()
	s.publish(topology.Ready(carillon.NewJobID(), "late"), []byte(name))
	select {
	case got := <-s.taken:
		if got != name {
			s.Errorf("took %q, want %q", got, name)
		}
	case <-time.After(20 * time.Second):
		s.Fatalf("nobody takes %q", name)
	}
}

func TestADeletedQueueIsServedForAWhile(t *testing.T) {
	t.Parallel()
	const linger = 3 * time.Second // longer than one look of retireEvery
	s, queue := newStage(t, linger), wire.Encode(carillon.Queue{Name: "late", Concurrency: 1, Weight: 1})
	s.publish(topology.Queue("late"), queue)
	s.runs("before")
	deleted := time.Now()
	s.publish(topology.Queue("late"), nil)
	s.runs("by a planner that has not heard")
	eventually.Succeeds(t, func() error {
		_, err := s.js.Consumer(t.Context(), topology.RunsStream, topology.QueueConsumerName("late"))
		if err == nil {
			return errors.New("the deleted queue still has its consumer")
		}
		return ignore(err, jetstream.ErrConsumerNotFound)
	})
	if served := time.Since(deleted); served < linger {
		t.Errorf("served for %s, want at least %s", served, linger)
	}
	s.publish(topology.Queue("late"), queue)
	s.runs("made again")
}

// A rate comes, and goes, while the queue is served; and goes with the queue.
func TestARateChangesLive(t *testing.T) {
	t.Parallel()
	s := newStage(t, time.Minute)
	queue := carillon.Queue{Name: "late", Concurrency: 5, Weight: 1}
	s.publish(topology.Queue("late"), wire.Encode(queue))
	s.runs("without a rate")
	queue.Rate = &carillon.Rate{Limit: 20, Per: carillon.PerSecond, Burst: 1}
	s.publish(topology.Queue("late"), wire.Encode(queue))
	s.pinned(true)
	if took := s.takes(10); took < 9*time.Second/20-slack {
		t.Errorf("10 runs took %s at 20 a second", took)
	}
	queue.Rate = nil
	s.publish(topology.Queue("late"), wire.Encode(queue))
	s.pinned(false)
	s.takes(10)
	if took := s.takes(10); took > 9*time.Second/20-slack {
		t.Errorf("10 runs took %s without a rate", took)
	}
	queue.Rate = &carillon.Rate{Limit: 1, Per: carillon.PerHour, Burst: 1}
	s.publish(topology.Queue("late"), wire.Encode(queue))
	s.pinned(true)
	s.publish(topology.Queue("late"), nil)
	s.pinned(false)
	s.takes(1)
}

// slack is by how much the clock of a test may misjudge a span.
const slack = 50 * time.Millisecond

// pinned waits until the queue's consumer has a rate, or has none.
func (s *stage) pinned(want bool) {
	s.Helper()
	eventually.Succeeds(s.T, func() error {
		consumer, err := s.js.Consumer(s.Context(), topology.RunsStream, topology.QueueConsumerName("late"))
		if err == nil && (consumer.CachedInfo().Config.PriorityPolicy == jetstream.PriorityPolicyPinned) != want {
			return errors.New("the consumer is not as its queue is defined")
		}
		return err
	})
}

// takes plans n runs at once and returns how long it is from the first that is
// taken to the last.
func (s *stage) takes(n int) time.Duration {
	s.Helper()
	for range n {
		s.publish(topology.Ready(carillon.NewJobID(), "late"), []byte("one of many"))
	}
	<-s.taken
	first := time.Now()
	for range n - 1 {
		<-s.taken
	}
	return time.Since(first)
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
