// Package lane runs one lane for each queue: its consumer, and the calls of its
// runs.
//
// Queues are defined in the JOBS stream, and a runner follows them live:
//
//	defined ──▶ lane opens ──changed──▶ consumer and slots follow
//	                 │
//	                 └────deleted──▶ retiring: goes on for a while, and until
//	                                 no run of the queue is left, then drops
//	                                 its consumer
//
// The limit of a queue is its consumer's MaxAckPending, so the server keeps it
// over all runners; pausing a queue pauses its consumer. A queue with a rate is
// served by one runner at a time, whose intake keeps the pace. A runner's own slots are
// shared over its lanes by weight (package share). A deleted queue retires instead
// of stopping, because parked retries may still come due in it, and a run that
// nobody takes would block its job for ever. For the same reason it stays a while
// even when it is empty: planners that have not heard yet still plan runs into
// it. A run that comes later than that waits for the next start of a runner, which
// gives every deleted queue a lane again.
//
// Several runners make, change and delete the same consumers. They all follow
// the same definitions, so they agree in the end, and each repairs what it finds.
package lane

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/intake"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// forever is when a paused queue's consumer goes on by itself.
var forever = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)

// lane is one queue at this runner.
type lane struct {
	js     jetstream.JetStream
	intake *intake.Intake
	stop   context.CancelFunc
	linger time.Duration

	mu        sync.Mutex
	queue     carillon.Queue
	deletedAt time.Time // when this runner heard of it; zero while the queue is defined
}

// define changes the lane's queue.
func (l *lane) define(queue carillon.Queue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue, l.deletedAt = queue, time.Time{}
	l.intake.SetPace(pace(queue))
}

// pace is how fast an intake may take the runs of a queue; nil is without limit.
func pace(queue carillon.Queue) *intake.Pace {
	if queue.Rate == nil {
		return nil
	}
	return &intake.Pace{Group: topology.RateGroup, PerSecond: queue.Rate.PerSecond(), Burst: queue.Rate.Burst}
}

// retire marks the lane's queue as deleted, and reports whether that is news.
func (l *lane) retire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.deletedAt.IsZero() {
		return false
	}
	l.deletedAt, l.queue.Paused, l.queue.Rate = time.Now(), false, nil
	l.intake.SetPace(nil)
	return true
}

func (l *lane) definition() (queue carillon.Queue, retiring bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue, !l.deletedAt.IsZero()
}

// lingers reports whether the lane's queue was deleted only a while ago.
func (l *lane) lingers() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.deletedAt) < l.linger
}

// ensure makes the server's consumer as the queue is defined.
func (l *lane) ensure(ctx context.Context) error {
	queue, retiring := l.definition()
	consumer, err := l.consumer(ctx, queue, retiring)
	if err != nil {
		return err
	}
	paused := consumer.CachedInfo().Paused
	switch {
	case queue.Paused && !paused:
		_, err = l.js.PauseConsumer(ctx, topology.RunsStream, topology.QueueConsumerName(queue.Name), forever)
	case !queue.Paused && paused:
		_, err = l.js.ResumeConsumer(ctx, topology.RunsStream, topology.QueueConsumerName(queue.Name))
	}
	return err
}

// consumer makes or updates the consumer. That of a deleted queue is taken as it
// is, for its definition is gone; but without a rate, which nobody would know.
func (l *lane) consumer(ctx context.Context, queue carillon.Queue, retiring bool) (jetstream.Consumer, error) {
	if retiring {
		consumer, err := l.js.Consumer(ctx, topology.RunsStream, topology.QueueConsumerName(queue.Name))
		switch {
		case err == nil && consumer.CachedInfo().Config.PriorityPolicy != jetstream.PriorityPolicyNone:
			return l.js.UpdateConsumer(ctx, topology.RunsStream, topology.Unrated(consumer.CachedInfo().Config))
		case !errors.Is(err, jetstream.ErrConsumerNotFound):
			return consumer, err
		}
	}
	return l.js.CreateOrUpdateConsumer(ctx, topology.RunsStream, topology.QueueConsumer(queue))
}

// retired tries to end a deleted queue, and reports whether the lane is done
// with it: it has ended, or is defined again.
func (l *lane) retired(ctx context.Context) bool {
	queue, retiring := l.definition()
	if !retiring {
		return true
	}
	if l.lingers() {
		return false
	}
	left, err := l.runsLeft(ctx, queue.Name)
	if err != nil || left {
		return false
	}
	err = l.js.DeleteConsumer(ctx, topology.RunsStream, topology.QueueConsumerName(queue.Name))
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return false
	}
	slog.Info("queue retired", "queue", queue.Name)
	l.stop()
	return true
}

// runsLeft reports whether the stream holds any run of a queue: waiting, being
// called, or parked.
func (l *lane) runsLeft(ctx context.Context, queue string) (bool, error) {
	stream, err := l.js.Stream(ctx, topology.RunsStream)
	if err != nil {
		return false, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(topology.QueueRuns(queue)))
	return err == nil && len(info.State.Subjects) > 0, err
}
