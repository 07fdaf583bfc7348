package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		play(role, os.Getenv(folderVariable))
	}
	os.Exit(m.Run())
}

type config = runner.Config

// stage is a NATS server with the streams, where a test plays all other services.
type stage struct {
	testing.TB
	url string
	js  jetstream.JetStream
	nc  *nats.Conn

	mu       sync.Mutex
	outcomes []wire.Outcome
	headers  []nats.Header
}

// newStage opens a stage on a server of its own.
func newStage(tb testing.TB) *stage {
	tb.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: tb.TempDir(), Port: -1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Stop)
	return open(tb, server.URL())
}

// open opens a stage on a server that runs.
func open(tb testing.TB, url string) *stage {
	tb.Helper()
	nc, js, err := bus.Connect(bus.Config{URL: url}, "test")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	if err := topology.Ensure(tb.Context(), js, 1); err != nil {
		tb.Fatal(err)
	}
	return &stage{TB: tb, url: url, js: js, nc: nc}
}

// start runs a runner until the test ends or stop is called; stop returns once
// the runner has.
func (s *stage) start(change ...func(*config)) (stop func()) {
	s.Helper()
	config := settings(s)
	for _, change := range change {
		change(&config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx, config, service.NewHealth()) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			s.Errorf("runner: %v", err)
		}
	})
	s.Cleanup(stop)
	return stop
}

func settings(s *stage) config {
	return config{
		NATS: bus.Config{URL: s.url, Replicas: 1}, Slots: 512, HostConnections: 512,
		AllowTargets: allow(s, "127.0.0.1"), Grace: 10 * time.Second,
	}
}

func allow(tb testing.TB, texts ...string) []runner.AllowedTarget {
	tb.Helper()
	allowed := make([]runner.AllowedTarget, len(texts))
	for i, text := range texts {
		if err := allowed[i].UnmarshalText([]byte(text)); err != nil {
			tb.Fatal(err)
		}
	}
	return allowed
}

// define publishes a queue as the gateway does.
func (s *stage) define(queue carillon.Queue) {
	s.publish(topology.Queue(queue.Name), wire.Encode(queue))
}

func (s *stage) publish(subject string, data []byte) {
	s.Helper()
	if _, err := s.js.Publish(s.Context(), subject, data); err != nil {
		s.Fatal(err)
	}
}

// call is a call of a fresh job to a target, in the default queue.
func (s *stage) call(url string) wire.Call {
	return wire.Call{
		JobID: carillon.NewJobID(), Job: "nightly", Namespace: "default", Revision: 1, Queue: "default",
		Target: carillon.Target{Method: "POST", URL: url, Body: "{}", Timeout: carillon.Duration(10 * time.Second)},
		Retry:  carillon.Retry{MaxAttempts: 1, MinBackoff: carillon.Duration(time.Second), MaxBackoff: carillon.Duration(time.Minute)},
	}
}

// plan publishes a run of a call as the planner does, and returns it.
func (s *stage) plan(call wire.Call) wire.Run {
	s.Helper()
	now := time.Now().UTC()
	run := wire.Run{ID: carillon.NewRunID(call.JobID, carillon.KindSchedule, now), Kind: carillon.KindSchedule, FireTime: now, PlannedAt: now, Attempt: 1}
	s.publishReady(topology.Ready(call.JobID, call.Queue), run, wire.Encode(call), nil)
	return run
}

func (s *stage) publishReady(subject string, run wire.Run, body []byte, header nats.Header) {
	s.Helper()
	msg := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{wire.RunHeader: {string(wire.Encode(run))}}}
	for key, values := range header {
		msg.Header[key] = values
	}
	if _, err := s.js.PublishMsgAsync(msg, jetstream.WithStallWait(time.Minute)); err != nil {
		s.Fatal(err)
	}
}

// follow keeps all outcomes from now on.
func (s *stage) follow() {
	s.Helper()
	sub, err := s.nc.Subscribe(topology.AllFeed, func(msg *nats.Msg) {
		var outcome wire.Outcome
		if err := json.Unmarshal(msg.Data, &outcome); err != nil {
			s.Errorf("outcome %q: %v", msg.Data, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.outcomes, s.headers = append(s.outcomes, outcome), append(s.headers, msg.Header)
	})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = sub.Unsubscribe() })
	if err := s.nc.Flush(); err != nil {
		s.Fatal(err)
	}
}

// countOutcomes returns a channel that is closed after n outcomes.
func (s *stage) countOutcomes(n int) <-chan struct{} {
	s.Helper()
	ended, seen := make(chan struct{}), 0
	sub, err := s.nc.Subscribe(topology.AllFeed, func(*nats.Msg) {
		if seen++; seen == n {
			close(ended)
		}
	})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = sub.Unsubscribe() })
	return ended
}

// of returns the outcomes of a run so far, in order.
func (s *stage) of(run uuid.UUID) (outcomes []wire.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, outcome := range s.outcomes {
		if outcome.RunID == run {
			outcomes = append(outcomes, outcome)
		}
	}
	return outcomes
}

// final waits for a run's end.
func (s *stage) final(run wire.Run) (last wire.Outcome) {
	s.Helper()
	s.eventually(func() error {
		outcomes := s.of(run.ID)
		if len(outcomes) == 0 || !outcomes[len(outcomes)-1].State.Final() {
			return fmt.Errorf("run %s has not ended: %+v", run.ID, outcomes)
		}
		last = outcomes[len(outcomes)-1]
		return nil
	})
	return last
}

// recorded says whether the stream of outcomes holds the end of a run. It looks
// there because a feed misses what happens around an outage.
func (s *stage) recorded(run wire.Run) error {
	stream, err := s.js.Stream(s.Context(), topology.OutcomesStream)
	if err != nil {
		return err
	}
	for sequence := uint64(1); sequence <= stream.CachedInfo().State.LastSeq; sequence++ {
		msg, err := stream.GetMsg(s.Context(), sequence)
		if err != nil {
			return err
		}
		var outcome wire.Outcome
		if err := json.Unmarshal(msg.Data, &outcome); err == nil && outcome.RunID == run.ID && outcome.State.Final() {
			return nil
		}
	}
	return fmt.Errorf("run %s has not ended", run.ID)
}

// says reports whether a service names a problem.
func says(health *service.Health, problem string) error {
	if problems := strings.Join(health.Problems(), "; "); !strings.Contains(problems, problem) {
		return fmt.Errorf("problems %q, want %q", problems, problem)
	}
	return nil
}

func ready(health *service.Health) error {
	if problems := health.Problems(); len(problems) > 0 {
		return fmt.Errorf("not ready: %v", problems)
	}
	return nil
}

func cancelable(tb testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	return ctx, cancel
}

func portOf(tb testing.TB, address string) int {
	tb.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	port, err := strconv.Atoi(parsed.Port())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// empty waits until no run is left in the stream.
func (s *stage) empty() {
	s.Helper()
	s.eventually(func() error {
		stream, err := s.js.Stream(s.Context(), topology.RunsStream)
		if err != nil {
			return err
		}
		if left := stream.CachedInfo().State.Msgs; left > 0 {
			return fmt.Errorf("%d messages left", left)
		}
		return nil
	})
}

// eventually tries until it succeeds; after half a minute the last error fails
// the test.
func (s *stage) eventually(try func() error) {
	s.Helper()
	deadline := time.After(30 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			s.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
