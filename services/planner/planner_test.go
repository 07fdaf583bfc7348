package planner_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// world is a NATS server with Carillon's streams, and a way to look into RUNS.
type world struct {
	t      *testing.T
	config planner.Config
	js     jetstream.JetStream
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	config := bus.Config{Replicas: 1, Options: []nats.Option{server.Option()}}
	nc, js, err := bus.Connect(config, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if err := topology.Ensure(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	return &world{t: t, config: planner.Config{NATS: config}, js: js}
}

// start runs a planner until the returned function is called.
func (w *world) start() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- planner.Run(ctx, w.config, nil) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("planner: %v", err)
		}
	}
}

func (w *world) publish(def wire.Definition) {
	w.t.Helper()
	if _, err := w.js.Publish(w.t.Context(), topology.Job(def.ID), wire.Encode(def)); err != nil {
		w.t.Fatal(err)
	}
}

// messages returns everything in RUNS on subjects that match a filter.
func (w *world) messages(filter string) []*jetstream.RawStreamMsg {
	w.t.Helper()
	stream, err := w.js.Stream(w.t.Context(), topology.RunsStream)
	if err != nil {
		w.t.Fatal(err)
	}
	var found []*jetstream.RawStreamMsg
	for seq := uint64(1); ; {
		msg, err := stream.GetMsg(w.t.Context(), seq, jetstream.WithGetMsgSubject(filter))
		if err != nil {
			return found
		}
		found = append(found, msg)
		seq = msg.Sequence + 1
	}
}

func everySecond(overlap carillon.Overlap, from time.Time) wire.Definition {
	doc := carillon.Document{
		Name: "tick", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)},
		Target: carillon.Target{URL: "http://example.com"}, Overlap: overlap,
	}
	return wire.Definition{Job: carillon.Job{
		ID: carillon.NewJobID(), Revision: 1, EffectiveFrom: from, Document: doc.WithDefaults(),
	}}
}

func eventually(t *testing.T, check func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

func (w *world) fires(job uuid.UUID) map[time.Time]int {
	found := map[time.Time]int{}
	for _, msg := range w.messages(topology.InFlight(job)) {
		run, _, err := wire.ParseReady(msg.Header.Get(wire.RunHeader), msg.Data)
		if err != nil {
			w.t.Fatal(err)
		}
		found[run.FireTime]++
	}
	return found
}

func TestEveryFireIsPlannedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	from := time.Now().Truncate(time.Second)
	def := everySecond(carillon.OverlapAllow, from)
	w.publish(def)
	eventually(t, func() error {
		if n := len(w.fires(def.ID)); n < 4 {
			return fmt.Errorf("%d fires", n)
		}
		return nil
	})
	stop()
	fires := w.fires(def.ID)
	for at, i := from, 0; i < len(fires); at, i = at.Add(time.Second), i+1 {
		if fires[at.UTC()] != 1 {
			t.Errorf("fire %s planned %d times", at, fires[at.UTC()])
		}
	}
}
