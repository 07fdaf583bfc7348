package planner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/clock"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// wrongClock is a machine's clock that a test sets.
type wrongClock struct {
	read   func() clock.Reading
	offset atomic.Int64
}

func newWrongClock() *wrongClock { return &wrongClock{read: clock.System()} }

func (c *wrongClock) set(offset time.Duration) { c.offset.Store(int64(offset)) }

func (c *wrongClock) now() clock.Reading {
	reading := c.read()
	reading.Wall = reading.Wall.Add(time.Duration(c.offset.Load()))
	return reading
}

// startWith runs a planner by a clock until the test ends.
func startWith(t *testing.T, server *natstest.Server, read func() clock.Reading) *service.Health {
	t.Helper()
	health := service.NewHealth()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	p := newPlanner(server.Connect(), Config{NATS: server.Config()}, health, read)
	go func() { ended <- p.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("planner: %v", err)
		}
	})
	return health
}

// leases counts the partitions that any planner holds.
func leases(t *testing.T, js jetstream.JetStream) int {
	t.Helper()
	bucket, err := js.KeyValue(t.Context(), topology.LeasesBucket)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := bucket.Keys(t.Context())
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		t.Fatal(err)
	}
	return len(slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, "partition.") }))
}

// settled waits until a planner is ready and holds leases, or neither.
func settled(t *testing.T, js jetstream.JetStream, health *service.Health, want int) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		n, problems := leases(t, js), health.Problems()
		if n != want || (len(problems) == 0) != (want > 0) {
			return fmt.Errorf("%d leases, problems %q", n, problems)
		}
		if want == 0 && !slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, "clock: ") }) {
			return fmt.Errorf("problems %q", problems)
		}
		return nil
	})
}

// TestAWrongClockHoldsPlanning sets a planner's clock forward and back, a lot and
// a little: it plans nothing early, says why, has no leases, and comes back.
func TestAWrongClockHoldsPlanning(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{10 * time.Minute, -10 * time.Minute, time.Second, -time.Second} {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			server := natstest.Start(t)
			js, c := server.Streams(), newWrongClock()
			health := startWith(t, server, c.now)
			doc := carillon.Document{Name: "tick", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Overlap: carillon.OverlapAllow}
			job := carillon.Job{ID: carillon.NewJobID(), Revision: 1, EffectiveFrom: time.Now(), Document: doc.WithDefaults()}
			if _, err := js.Publish(t.Context(), topology.Job(job.ID), wire.Encode(wire.Definition{Job: job})); err != nil {
				t.Fatal(err)
			}
			settled(t, js, health, carillon.Partitions)
			c.set(step)
			settled(t, js, health, 0)
			c.set(0)
			settled(t, js, health, carillon.Partitions)
			again := time.Now()
			eventually.Succeeds(t, func() error { return plannedInOrder(t, js, again.Add(time.Second)) })
		})
	}
}

// plannedInOrder checks the fires in RUNS: every second once, in order, none
// before its time; at least until an instant.
func plannedInOrder(t *testing.T, js jetstream.JetStream, until time.Time) error {
	t.Helper()
	stream, err := js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		return err
	}
	var last time.Time
	for seq := uint64(1); ; {
		msg, err := stream.GetMsg(t.Context(), seq, jetstream.WithGetMsgSubject("run.>"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return err
		}
		run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
		if err != nil {
			return err
		}
		if msg.Time.Before(run.FireTime.Add(-10*time.Millisecond)) || !last.IsZero() && run.FireTime.Sub(last) != time.Second {
			t.Fatalf("fire %s was stored at %s, after %s", run.FireTime, msg.Time, last)
		}
		seq, last = msg.Sequence+1, run.FireTime
	}
	if last.Before(until) {
		return fmt.Errorf("planned until %s", last)
	}
	return nil
}

// TestOthersPlanOnWhileAClockIsWrong has two planners; one has a wrong clock.
func TestOthersPlanOnWhileAClockIsWrong(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js, c := server.Streams(), newWrongClock()
	c.set(-time.Minute)
	wrong := startWith(t, server, c.now)
	settled(t, js, wrong, 0)
	right := startWith(t, server, clock.System())
	settled(t, js, right, carillon.Partitions)
	if len(wrong.Problems()) == 0 {
		t.Error("a clock that is a minute late is taken for right")
	}
}
