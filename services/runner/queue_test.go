package runner_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// consumer waits until a queue's consumer is as it should be.
func (s *stage) consumer(queue string, right func(*jetstream.ConsumerInfo) bool) {
	s.Helper()
	s.eventually(func() error {
		consumer, err := s.js.Consumer(s.Context(), topology.RunsStream, topology.QueueConsumerName(queue))
		if err != nil {
			return err
		}
		if info := consumer.CachedInfo(); !right(info) {
			return fmt.Errorf("consumer: %+v", info)
		}
		return nil
	})
}

func TestQueuesChangeLive(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.follow()
	s.start()
	first := s.plan(s.call(target.URL)) // before its queue is known
	s.define(defaultQueue(1))
	s.final(first)

	paused := defaultQueue(1)
	paused.Paused = true
	s.define(paused)
	s.consumer("default", func(info *jetstream.ConsumerInfo) bool { return info.Paused })
	waiting := s.plan(s.call(target.URL))
	s.consumer("default", func(info *jetstream.ConsumerInfo) bool { return info.NumPending == 1 })

	s.define(defaultQueue(7))
	s.consumer("default", func(info *jetstream.ConsumerInfo) bool {
		return !info.Paused && info.Config.MaxAckPending == 7
	})
	if got := s.final(waiting); got.State != carillon.StateSucceeded {
		t.Errorf("outcome %+v", got)
	}
}

func TestAWiderQueueCallsMoreAtOnce(t *testing.T) {
	t.Parallel()
	s, release := newStage(t), make(chan struct{})
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release })
	s.define(defaultQueue(2))
	ended := s.countOutcomes(8)
	s.start()
	for range 8 {
		s.plan(s.call(target.URL))
	}
	s.eventually(func() error { return called(target, 2) })
	s.define(defaultQueue(8))
	s.eventually(func() error { return called(target, 8) })
	close(release)
	<-ended
}

func TestADeletedQueueRunsOut(t *testing.T) {
	t.Parallel()
	s, release := newStage(t), make(chan struct{})
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release })
	s.define(defaultQueue(1))
	s.follow()
	s.start()
	first, second := s.plan(s.call(target.URL)), s.plan(s.call(target.URL))
	s.eventually(func() error { return called(target, 1) })
	s.publish(topology.Queue("default"), nil)
	close(release)
	s.final(first)
	s.final(second)

	s.define(defaultQueue(3)) // while the runner still serves it
	if got := s.final(s.plan(s.call(target.URL))); got.State != carillon.StateSucceeded {
		t.Errorf("outcome %+v", got)
	}
}

// A runner that starts after a queue was deleted takes care of what was left.
func TestAnUnknownDeletedQueueRunsOut(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, nil)
	s.follow()
	run := s.plan(s.call(target.URL))
	s.publish(topology.Queue("default"), nil)
	s.publish(topology.Queue("other"), []byte(`{"name": "another"}`)) // ignored
	s.start()
	if got := s.final(run); got.State != carillon.StateSucceeded {
		t.Errorf("outcome %+v", got)
	}
}
