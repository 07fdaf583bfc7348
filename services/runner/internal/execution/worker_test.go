package execution

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/services/runner/internal/cancellation"
	"github.com/carillon-cron/carillon/services/runner/internal/cooldown"
	"github.com/carillon-cron/carillon/services/runner/internal/gate"
	"github.com/carillon-cron/carillon/services/runner/internal/outbox"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ackWait is short, so that redeliveries come soon.
const ackWait = 300 * time.Millisecond

// stage is a server with one queue, whose messages a test takes by hand.
type stage struct {
	*testing.T
	js        jetstream.JetStream
	outcomes  *nats.Subscription
	ready     chan *nats.Msg
	cancelled *cancellation.Set
}

// patience is far above what anything here takes.
const patience = time.Minute

func newStage(t *testing.T) *stage {
	t.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: t.TempDir(), Port: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	nc, js, err := bus.Connect(bus.Config{URL: server.URL()}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if err := topology.Ensure(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, js: js, ready: make(chan *nats.Msg, 100), cancelled: cancellation.NewSet()}
	if s.outcomes, err = nc.SubscribeSync(topology.AllFeed); err != nil {
		t.Fatal(err)
	}
	s.deliver(nc)
	return s
}

// deliver asks for a hundred deliveries, which come to the channel.
func (s *stage) deliver(nc *nats.Conn) {
	s.Helper()
	config := topology.QueueConsumer(carillon.Queue{Name: "default", Concurrency: 100})
	config.AckWait = ackWait
	if _, err := s.js.CreateConsumer(s.Context(), topology.RunsStream, config); err != nil {
		s.Fatal(err)
	}
	sub, err := nc.ChanSubscribe(nc.NewInbox(), s.ready)
	if err != nil {
		s.Fatal(err)
	}
	if err := nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.RUNS.queue-default", sub.Subject, []byte("100")); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) plan(retry carillon.Retry) (wire.Run, wire.Call) {
	s.Helper()
	call := wire.Call{JobID: carillon.NewJobID(), Namespace: "default", Queue: "default", Retry: retry}
	call.Target.URL = "http://" + call.JobID.String() // a host of its own: none has a bad name
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 1}
	s.publish(call, run)
	return run, call
}

func (s *stage) publish(call wire.Call, run wire.Run) {
	s.Helper()
	msg := &nats.Msg{
		Subject: topology.Ready(call.JobID, "default"), Data: wire.Encode(call),
		Header: nats.Header{wire.RunHeader: {string(wire.Encode(run))}},
	}
	if _, err := s.js.PublishMsg(s.Context(), msg); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) next() *nats.Msg {
	s.Helper()
	select {
	case msg := <-s.ready:
		return msg
	case <-time.After(patience):
		s.Fatal("no delivery")
		return nil
	}
}

// states lists the states of the outcomes so far.
func (s *stage) states(n int) (states []carillon.State) {
	s.Helper()
	for range n {
		msg, err := s.outcomes.NextMsg(patience)
		if err != nil {
			s.Fatal(err)
		}
		var outcome wire.Outcome
		if err := json.Unmarshal(msg.Data, &outcome); err != nil {
			s.Fatal(err)
		}
		states = append(states, outcome.State)
	}
	return states
}

// left waits until the stream of runs holds n messages.
func (s *stage) left(n uint64) {
	s.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		stream, err := s.js.Stream(s.Context(), topology.RunsStream)
		if err != nil {
			s.Fatal(err)
		}
		if got := stream.CachedInfo().State.Msgs; got == n {
			return
		} else if time.Now().After(deadline) {
			s.Fatalf("%d messages in the stream, want %d", got, n)
		}
	}
}

// caller counts calls and answers as told.
type caller struct {
	calls  atomic.Int32
	answer func(ctx context.Context) wire.Class
}

func (c *caller) Call(ctx context.Context, run wire.Run, _ string) wire.Attempt {
	c.calls.Add(1)
	attempt := wire.Attempt{Number: run.Attempt}
	if c.answer != nil {
		attempt.Class = c.answer(ctx)
	}
	return attempt
}

func (c *caller) Clean(text string) string { return strings.ReplaceAll(text, "s3cr3t", "(secret)") }

func (s *stage) worker(c Target, delay time.Duration) *Worker {
	return New(Config{
		Prepare: func(*wire.Call) Target { return c },
		Outbox:  outbox.New(s.js), Server: s.js.Conn(), Retries: NewShelf(s.js), Cancelled: s.cancelled,
		Gate:   gate.New(cooldown.NewSet(), func(string, time.Time) {}, backoff.Full),
		Jitter: func(time.Duration) time.Duration { return delay },
	})
}

// unheard is the same delivery, but its answers get lost.
func unheard(msg *nats.Msg) *nats.Msg {
	return &nats.Msg{
		Subject: msg.Subject, Header: msg.Header, Data: msg.Data, Sub: msg.Sub,
		Reply: strings.Replace(msg.Reply, "queue-default", "nobody", 1),
	}
}

var twice = carillon.Retry{MaxAttempts: 2}

func TestALostAcknowledgementIsNoSecondCall(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{}
	w := s.worker(c, 0)
	s.plan(twice)
	w.Handle(t.Context(), unheard(s.next()))
	s.left(1)
	w.Handle(t.Context(), s.next())
	s.left(0)
	if c.calls.Load() != 1 {
		t.Errorf("%d calls, want 1", c.calls.Load())
	}
}

func TestARedeliveryOfWhatIsRunningIsNoSecondCall(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s, c := newStage(t), &caller{answer: func(context.Context) wire.Class { <-release; return "" }}
	w := s.worker(c, 0)
	s.plan(twice)
	ended, first := make(chan struct{}), s.next()
	go func() {
		defer close(ended)
		w.Handle(t.Context(), first)
	}()
	w.Handle(t.Context(), s.next()) // after the ack wait, for nobody says InProgress here
	close(release)
	<-ended
	s.left(0)
	if c.calls.Load() != 1 {
		t.Errorf("%d calls, want 1", c.calls.Load())
	}
}

func TestAShortWaitStaysInTheSlot(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &caller{answer: func(context.Context) wire.Class { return wire.ClassConnect }}
	s.plan(twice)
	s.worker(c, 10*time.Millisecond).Handle(t.Context(), s.next())
	if got := s.states(2); got[0] != carillon.StateRetrying || got[1] != carillon.StateFailed {
		t.Errorf("states %v", got)
	}
	s.left(0)
}

func TestALongWaitIsParked(t *testing.T) {
	t.Parallel()
	const delay = 2 * time.Second // longer than the ack wait, with room for a slow machine
	s, c := newStage(t), &caller{answer: func(context.Context) wire.Class { return wire.ClassConnect }}
	w := s.worker(c, delay)
	planned, call := s.plan(twice)
	begin := time.Now()
	first := s.next()
	w.Handle(t.Context(), unheard(first))
	s.left(2) // the original, whose acknowledgement got lost, and the retry

	w = s.worker(c, delay) // another runner: it sees that the retry is parked
	w.Handle(t.Context(), s.next())
	s.left(1)
	if c.calls.Load() != 1 {
		t.Errorf("%d calls before the retry is due, want 1", c.calls.Load())
	}
	second := s.next()
	if waited := time.Since(begin); waited < delay || second.Subject != topology.Ready(call.JobID, "default") {
		t.Errorf("back on %s after %s, want not before %s", second.Subject, waited, delay)
	}
	run, err := wire.Decode[wire.Run]([]byte(second.Header.Get(wire.RunHeader)))
	if err != nil || run.ID != planned.ID || run.Attempt != 2 || run.StartedAt.IsZero() {
		t.Errorf("came back as %+v, %v", run, err)
	}
	w.Handle(t.Context(), second)
	s.left(0)
	if got := s.states(2); got[0] != carillon.StateRetrying || got[1] != carillon.StateFailed {
		t.Errorf("states %v", got)
	}
}

func TestWhatIsInterruptedIsHandedBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	s, c := newStage(t), &caller{answer: func(context.Context) wire.Class {
		cancel(errors.New("stop"))
		return wire.ClassInterrupted
	}}
	s.plan(twice)
	begin := time.Now()
	w := s.worker(c, 0)
	w.Handle(ctx, s.next())
	again := s.next()
	if waited := time.Since(begin); waited >= ackWait {
		t.Errorf("came back after %s, want at once", waited)
	}
	c.answer = nil
	w.Handle(t.Context(), again)
	if got := s.states(1); got[0] != carillon.StateSucceeded {
		t.Errorf("states %v", got)
	}
	s.left(0)
}

func TestABodyIsDecodedOnce(t *testing.T) {
	t.Parallel()
	c := newCalls(func(*wire.Call) Target { return &caller{} })
	decode := func(job string) *prepared {
		call, err := c.decode(wire.Encode(wire.Call{Job: job}))
		if err != nil || call.Job != job {
			t.Fatalf("decoded %+v, %v", call, err)
		}
		return call
	}
	first := decode("one")
	for i := range 2 * keptCalls {
		decode(strings.Repeat("x", i%97) + time.Duration(i).String())
		if decode("one") != first {
			t.Fatalf("what is in use was dropped after %d others", i)
		}
	}
	if n := len(c.young) + len(c.old); n > 2*keptCalls {
		t.Errorf("%d calls are kept", n)
	}
	long := strings.Repeat("x", keptBytes)
	if once := decode(long); decode(long) == once {
		t.Error("a long body was kept")
	}
}
