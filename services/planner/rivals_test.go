package planner

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/clock"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// full makes the rivalry as long as the promises ask for.
var full = flag.Bool("full", false, "rivals plan for a minute, not ten seconds")

// TestRivalsPlanEachFireOnce has two planners without leases, which both believe
// all the time that they own every partition. The marks alone keep them apart.
func TestRivalsPlanEachFireOnce(t *testing.T) {
	t.Parallel()
	length := 10 * time.Second
	if *full {
		length = time.Minute
	}
	server := natstest.Start(t)
	js := server.Streams()
	from := time.Now().Add(time.Second).Truncate(time.Second).UTC()
	jobs := publishTicking(t, js, from, 15)
	seen := newSightings()
	seen.watch(t, js)
	for range 2 {
		startRival(t, server)
	}
	end := from.Add(length)
	<-time.After(time.Until(end))
	eventually.Succeeds(t, func() error { return seen.all(jobs, from, end) })
	seen.checkOnce(t)
}

// publishTicking publishes jobs that fire every second, so many of each policy.
func publishTicking(t *testing.T, js jetstream.JetStream, from time.Time, each int) (jobs []uuid.UUID) {
	t.Helper()
	for _, overlap := range []carillon.Overlap{carillon.OverlapSkip, carillon.OverlapAllow, carillon.OverlapQueue, carillon.OverlapReplace} {
		doc := carillon.Document{Name: "tick", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Overlap: overlap}
		if overlap == carillon.OverlapQueue {
			doc.MaxQueued = 2
		}
		for range each {
			job := carillon.Job{ID: carillon.NewJobID(), Revision: 1, EffectiveFrom: from, Document: doc.WithDefaults()}
			if _, err := js.Publish(t.Context(), topology.Job(job.ID), wire.Encode(wire.Definition{Job: job})); err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, job.ID)
		}
	}
	return jobs
}

// startRival runs a planner that takes all partitions at any moment, whoever has
// them, until the test ends.
func startRival(t *testing.T, server *natstest.Server) {
	t.Helper()
	p := newPlanner(server.Connect(), Config{NATS: server.Config()}, service.NewHealth(), clock.System())
	ctx, cancel := context.WithCancel(context.Background())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.loop.run(ctx) })
	group.Go(func() error { return p.keeper.run(ctx) })
	group.Go(func() error {
		stop, err := p.follow(ctx)
		if err != nil {
			return err
		}
		defer stop()
		for ctx.Err() == nil {
			for partition := range carillon.Partitions {
				p.loop.Gain(partition)
			}
			lull.For(ctx, rand.N(1500*time.Millisecond))
		}
		return nil
	})
	t.Cleanup(func() {
		cancel()
		if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// sightings are the fires that came out of RUNS, by run id, each with the
// sequences of its messages.
type sightings struct {
	mu     sync.Mutex
	stored map[uuid.UUID]map[uint64]struct{}
	runs   int
}

func newSightings() *sightings { return &sightings{stored: map[uuid.UUID]map[uint64]struct{}{}} }

// watch takes runs and skips as runners and recorders do, until the test ends. A
// run lasts up to two and a half seconds, so that some are in each other's way.
func (s *sightings) watch(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	queue := topology.QueueConsumer(carillon.Queue{Name: "default", Concurrency: 10_000, Weight: 1})
	s.consume(t, js, queue, func(msg jetstream.Msg) {
		run, err := wire.Decode[wire.Run]([]byte(msg.Headers().Get(wire.RunHeader)))
		s.add(t, msg, run.ID, err, true)
		time.AfterFunc(rand.N(2500*time.Millisecond), func() { _ = msg.Ack() })
	})
	s.consume(t, js, topology.SkipConsumer(), func(msg jetstream.Msg) {
		outcome, err := wire.Decode[wire.Outcome](msg.Data())
		s.add(t, msg, outcome.RunID, err, false)
		_ = msg.Ack()
	})
}

func (s *sightings) consume(t *testing.T, js jetstream.JetStream, config jetstream.ConsumerConfig, handle func(jetstream.Msg)) {
	t.Helper()
	consumer, err := js.CreateOrUpdateConsumer(t.Context(), topology.RunsStream, config)
	if err != nil {
		t.Fatal(err)
	}
	consuming, err := consumer.Consume(handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(consuming.Stop)
}

func (s *sightings) add(t *testing.T, msg jetstream.Msg, run uuid.UUID, err error, runs bool) {
	meta, metaErr := msg.Metadata()
	if err = errors.Join(err, metaErr); err != nil {
		t.Error(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored[run] == nil {
		s.stored[run] = map[uint64]struct{}{}
	}
	s.stored[run][meta.Sequence.Stream] = struct{}{}
	if runs {
		s.runs++
	}
}

// all says which fire of a window has not been seen.
func (s *sightings) all(jobs []uuid.UUID, from, end time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, job := range jobs {
		for at := from; at.Before(end); at = at.Add(time.Second) {
			if len(s.stored[carillon.NewRunID(job, carillon.KindSchedule, at)]) == 0 {
				return fmt.Errorf("fire %s of job %s was not planned", at, job)
			}
		}
	}
	return nil
}

// checkOnce holds every fire to one message.
func (s *sightings) checkOnce(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	twice := 0
	for _, sequences := range s.stored {
		if len(sequences) != 1 {
			twice++
		}
	}
	if twice > 0 {
		t.Errorf("%d of %d fires were planned more than once", twice, len(s.stored))
	}
	t.Logf("%d runs and %d skips", s.runs, len(s.stored)-s.runs)
}
