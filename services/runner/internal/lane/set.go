package lane

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/intake"
	"github.com/carillon-cron/carillon/services/runner/internal/share"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Config is what a set of lanes is made for.
type Config struct {
	Conn *nats.Conn
	JS   jetstream.JetStream
	// Slots is how many runs this runner handles at once, over all lanes.
	Slots int
	// Linger is how long the lane of a deleted queue stays at least.
	Linger time.Duration
	// Handle answers a ready message, and reports whether it made a call.
	Handle func(*nats.Msg) (called bool)
}

const (
	// retryEvery is the pause before queues are followed again.
	retryEvery = time.Second
	// retireEvery is how often a deleted queue is looked at.
	retireEvery = 2 * time.Second
)

// Set is all lanes of a runner.
type Set struct {
	config  Config
	running sync.WaitGroup

	mu    sync.Mutex
	lanes map[string]*lane
}

// NewSet returns a set without lanes.
func NewSet(config Config) *Set { return &Set{config: config, lanes: make(map[string]*lane)} }

// Run follows the queues and runs their lanes until ctx ends; it returns when
// every message that was taken has been answered. It calls ready once all queues
// that are defined at the start have their lane.
func (s *Set) Run(ctx context.Context, ready func()) {
	defer s.running.Wait()
	for ctx.Err() == nil {
		stop, err := bus.Follow(ctx, s.config.JS, topology.JobsStream, topology.AllQueues, func(e bus.Entry) { s.apply(ctx, e) })
		if err == nil {
			ready()
			<-ctx.Done()
			stop()
			return
		}
		lull.For(ctx, retryEvery)
	}
}

// apply takes in a queue's newest definition; an empty one means deleted.
func (s *Set) apply(ctx context.Context, entry bus.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	name := topology.QueueName(entry.Subject)
	if len(entry.Data) == 0 {
		s.retire(ctx, name)
		return
	}
	queue, err := wire.Decode[carillon.Queue](entry.Data)
	if err != nil || queue.Name != name || queue.Validate() != nil {
		slog.Error("malformed queue ignored", "subject", entry.Subject)
		return
	}
	s.define(ctx, queue)
}

func (s *Set) define(ctx context.Context, queue carillon.Queue) {
	if known := s.lanes[queue.Name]; known != nil {
		known.define(queue)
		known.intake.Refresh()
	} else {
		s.open(ctx, queue)
	}
	s.share()
}

// retire lets a deleted queue run out. One that this runner never knew may have
// been left by runners that are gone, so it gets a lane for as long as it takes.
func (s *Set) retire(ctx context.Context, name string) {
	known := s.lanes[name]
	if known == nil {
		known = s.open(ctx, carillon.Queue{Name: name, Concurrency: 1, Weight: 1})
		s.share()
	}
	if known.retire() {
		known.intake.Refresh()
		s.running.Go(func() { untilRetired(ctx, known) })
	}
}

func untilRetired(ctx context.Context, retiring *lane) {
	for ctx.Err() == nil && !retiring.retired(ctx) {
		lull.For(ctx, retireEvery)
	}
}

// open starts a lane that runs until all end or it has retired.
func (s *Set) open(all context.Context, queue carillon.Queue) *lane {
	ctx, stop := context.WithCancel(all)
	opened := &lane{js: s.config.JS, queue: queue, stop: stop, linger: s.config.Linger}
	opened.intake = intake.New(intake.Config{
		Conn: s.config.Conn, Stream: topology.RunsStream, Consumer: topology.QueueConsumerName(queue.Name),
		Ensure: opened.ensure, AckWait: topology.AckWait, Handle: s.config.Handle,
	})
	opened.intake.SetPace(pace(queue))
	s.lanes[queue.Name] = opened
	s.running.Go(func() {
		opened.intake.Run(ctx)
		stop()
		s.drop(all, queue.Name, opened)
	})
	return opened
}

// drop forgets a lane that has ended. If its queue was defined again in that very
// moment, it gets a new one.
func (s *Set) drop(all context.Context, name string, ended *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lanes[name] != ended {
		return
	}
	delete(s.lanes, name)
	if queue, retiring := ended.definition(); !retiring && all.Err() == nil {
		s.open(all, queue)
	}
	s.share()
}

// share deals the slots to the lanes as they are now.
func (s *Set) share() {
	queues := make([]carillon.Queue, 0, len(s.lanes))
	for _, lane := range s.lanes {
		queue, _ := lane.definition()
		queues = append(queues, queue)
	}
	shares := share.Of(s.config.Slots, queues)
	for name, lane := range s.lanes {
		lane.intake.SetLimit(shares[name])
	}
}
