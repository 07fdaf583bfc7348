package intake

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// used handles messages and makes use of each.
func used(handle func(*nats.Msg)) func(*nats.Msg) bool {
	return func(msg *nats.Msg) bool {
		handle(msg)
		return true
	}
}

// run runs an intake of the default queue, whose own limit is far off.
func run(t *testing.T, nc *nats.Conn, js jetstream.JetStream, limit int, ackWait time.Duration, handle func(*nats.Msg)) (in *Intake, stop func()) {
	t.Helper()
	consumer := topology.QueueConsumer(carillon.Queue{Name: "default", Concurrency: 1000})
	consumer.AckWait = ackWait
	in = New(Config{
		Conn: nc, Stream: topology.RunsStream, Consumer: consumer.Durable, AckWait: ackWait, Limit: limit, Handle: used(handle),
		Ensure: func(ctx context.Context) error {
			_, err := js.CreateOrUpdateConsumer(ctx, topology.RunsStream, consumer)
			return err
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		in.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(stop)
	return in, stop
}

// eventually waits for the queue's consumer to be as it should.
func eventually(t *testing.T, js jetstream.JetStream, right func(*jetstream.ConsumerInfo) bool) {
	t.Helper()
	last := "none"
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		consumer, err := js.Consumer(t.Context(), topology.RunsStream, topology.QueueConsumerName("default"))
		if err != nil {
			last = err.Error()
			continue
		}
		if right(consumer.CachedInfo()) {
			return
		}
		last = fmt.Sprintf("%+v", consumer.CachedInfo())
	}
	t.Fatalf("consumer: %s", last)
}

func done(info *jetstream.ConsumerInfo) bool { return info.NumPending == 0 && info.NumAckPending == 0 }

func TestTakesWhatThereIsRoomForAndNoMore(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	fill(t, js, 100)
	release, now, most := make(chan struct{}), atomic.Int32{}, atomic.Int32{}
	in, _ := run(t, nc, js, 3, topology.AckWait, func(msg *nats.Msg) {
		n := now.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		<-release
		now.Add(-1)
		_ = msg.Ack()
	})
	full := func(want int) func(*jetstream.ConsumerInfo) bool {
		return func(info *jetstream.ConsumerInfo) bool {
			return info.NumAckPending == want && int(now.Load()) == want
		}
	}
	eventually(t, js, full(3))
	in.SetLimit(20)
	eventually(t, js, full(20))
	close(release)
	eventually(t, js, done)
	if most.Load() != 20 {
		t.Errorf("%d at once, want 20", most.Load())
	}
}

func TestALongCallIsNotDeliveredAgain(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	fill(t, js, 1)
	const ackWait = 600 * time.Millisecond
	var deliveries atomic.Int32
	run(t, nc, js, 5, ackWait, func(msg *nats.Msg) {
		deliveries.Add(1)
		<-time.After(3 * ackWait)
		_ = msg.Ack()
	})
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return done(info) && info.Delivered.Consumer > 0 })
	if deliveries.Load() != 1 {
		t.Errorf("%d deliveries, want 1", deliveries.Load())
	}
}

func TestAConsumerThatIsGoneIsMadeAgain(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	run(t, nc, js, 5, topology.AckWait, func(msg *nats.Msg) { _ = msg.Ack() })
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return info.NumWaiting == 1 })
	if err := js.DeleteConsumer(t.Context(), topology.RunsStream, topology.QueueConsumerName("default")); err != nil {
		t.Fatal(err)
	}
	fill(t, js, 10)
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return done(info) && info.AckFloor.Consumer == 10 })
}

func TestRequestsAreRenewedWhenTheyExpire(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	run(t, nc, js, 5, topology.AckWait, func(msg *nats.Msg) { _ = msg.Ack() })
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return info.NumWaiting == 1 })
	<-time.After(expiry + expiry/2)
	fill(t, js, 10)
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return done(info) && info.AckFloor.Consumer == 10 })
}

func TestTheEndHandsBackWhatComesLate(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	var handled atomic.Int32
	_, stop := run(t, nc, js, 1000, topology.AckWait, func(msg *nats.Msg) {
		handled.Add(1)
		_ = msg.Ack()
	})
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return info.NumWaiting == 1 })
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	fill(t, js, 5000)
	<-stopped
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool {
		return int(info.NumPending)+info.NumAckPending == 5000-int(handled.Load())
	})
}
