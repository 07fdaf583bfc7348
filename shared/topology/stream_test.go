package topology_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

func TestManyServicesEnsureAtOnce(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	const services = 8
	results := make(chan error, services)
	for range services {
		js := server.Connect()
		go func() { results <- topology.Ensure(t.Context(), js, 1) }()
	}
	for range services {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestEnsureLeavesWhatIsStored(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	subject := topology.Job(carillon.NewJobID())
	if _, err := js.Publish(t.Context(), subject, []byte("kept")); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	if !matches(t, js, topology.JobsStream, topology.AllJobs, subject) {
		t.Error("the message is gone")
	}
}

func TestEnsureBringsAnOlderStreamUpToDate(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Connect()
	older := jetstream.StreamConfig{Name: topology.JobsStream, Subjects: []string{"job.*.*"}, Storage: jetstream.FileStorage}
	if _, err := js.CreateStream(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	if ack, err := js.Publish(t.Context(), topology.Queue("low"), nil); err != nil || ack.Stream != topology.JobsStream {
		t.Errorf("got %+v, %v", ack, err)
	}
}

func TestAlertsMoveToAStreamOfTheirOwn(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Connect()
	older := jetstream.StreamConfig{
		Name: topology.SignalsStream, Subjects: []string{"alert.*", "ping.*"}, Storage: jetstream.FileStorage, Retention: jetstream.WorkQueuePolicy,
	}
	if _, err := js.CreateStream(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	if ack, err := js.Publish(t.Context(), topology.AlertSignal(carillon.NewJobID()), nil); err != nil || ack.Stream != topology.AlertsStream {
		t.Errorf("got %+v, %v", ack, err)
	}
}

func TestOutcomesAreRepublishedToTheFeed(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	feed, err := js.Conn().SubscribeSync(topology.AllFeed)
	if err != nil {
		t.Fatal(err)
	}
	job := carillon.NewJobID()
	if _, err := js.Publish(t.Context(), topology.Outcome("billing", job, topology.EventFinished), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	msg, err := feed.NextMsgWithContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := "feed.billing." + job.String() + ".finished"; msg.Subject != want || string(msg.Data) != "{}" {
		t.Errorf("got %s: %s, want %s", msg.Subject, msg.Data, want)
	}
}

// A work queue refuses consumers whose subjects overlap, so that this is also
// the proof that no run has two.
func TestEachConsumerGetsItsOwn(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	consumers := map[string]jetstream.ConsumerConfig{"skips": topology.SkipConsumer()}
	for _, name := range []string{"low", "lo", "ready", "retry"} {
		consumers[name] = topology.QueueConsumer(carillon.Queue{Name: name, Concurrency: 1, Weight: 1})
	}
	job := carillon.NewJobID()
	for _, subject := range []string{topology.Ready(job, "low"), topology.Ready(job, "ready"), topology.Retry(job, "low", uuid.New()), topology.Skip(job), topology.Mark(1)} {
		if _, err := js.Publish(t.Context(), subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]uint64{"low": 1, "lo": 0, "ready": 1, "retry": 0, "skips": 1} {
		consumer, err := js.CreateOrUpdateConsumer(t.Context(), topology.RunsStream, consumers[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := consumer.CachedInfo().NumPending; got != want {
			t.Errorf("%s has %d messages, want %d", name, got, want)
		}
	}
	if _, err := js.CreateOrUpdateConsumer(t.Context(), topology.OutcomesStream, topology.RecorderConsumer()); err != nil {
		t.Error(err)
	}
}

func TestAQueuesLimitCanBeChanged(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	for _, concurrency := range []int{10, 1, 10_000} {
		config := topology.QueueConsumer(carillon.Queue{Name: "low", Concurrency: concurrency, Weight: 1})
		consumer, err := js.CreateOrUpdateConsumer(t.Context(), topology.RunsStream, config)
		if err != nil || consumer.CachedInfo().Config.MaxAckPending != concurrency {
			t.Errorf("%d: %v", concurrency, err)
		}
	}
}

func TestAwaitWaitsForItsServer(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	server.Stop()
	js := server.Connect()
	var reports reports
	awaited := make(chan error, 1)
	go func() { awaited <- topology.Await(t.Context(), js, 1, reports.add) }()
	eventually.Succeeds(t, func() error {
		if reports.count() < 2 {
			return errors.New("no failure reported, although there is no server")
		}
		return nil
	})
	server.Restart()
	if err := <-awaited; err != nil {
		t.Error(err)
	}
	if _, err := js.Stream(t.Context(), topology.RunsStream); err != nil {
		t.Error(err)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	nc, js, err := bus.Connect(bus.Config{URL: "nats://127.0.0.1:1"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	err = topology.Await(ctx, js, 1, func(error) {})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// reports counts the failures that Await tells of.
type reports struct {
	mu sync.Mutex
	n  int
}

func (r *reports) add(error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
}

func (r *reports) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}
