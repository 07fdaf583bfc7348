package cancellation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

func put(t *testing.T, js jetstream.JetStream, key string, order wire.Cancel) {
	t.Helper()
	bucket, err := js.KeyValue(t.Context(), topology.ControlsBucket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Put(t.Context(), key, wire.Encode(order)); err != nil {
		t.Fatal(err)
	}
}

func bucket(js jetstream.JetStream) Source {
	return func(ctx context.Context, handle func(bus.Entry)) (func(), error) {
		return bus.Follow(ctx, js, topology.ControlsStream, topology.AllCancels, handle)
	}
}

// withdrawn notes what a follower asks for, and fails at first.
type withdrawn struct {
	mu    sync.Mutex
	times map[key]int
}

func (w *withdrawn) withdraw(_ context.Context, order Order) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.times[order.key()]++; w.times[order.key()] == 1 {
		return errors.New("not now")
	}
	return nil
}

func (w *withdrawn) twice(keys ...key) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range keys {
		if w.times[key] != 2 {
			return fmt.Errorf("%v: asked for %d times, want a failure and a success", key, w.times[key])
		}
	}
	return nil
}

func TestAFollowerKnowsWhatWasOrderedBefore(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.Streams()
	job, run, now := carillon.NewJobID(), runAt(noon), time.Now().UTC()
	put(t, js, topology.CancelRunKey(run.ID), wire.Cancel{JobID: job, At: now, Reason: "before"})

	set, asked := NewSet(), &withdrawn{times: map[key]int{}}
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		NewFollower(bucket(js), set, asked.withdraw).Run(ctx, func() { close(ready) })
	}()
	<-ready
	if got, leave := set.Enter(t.Context(), job, run); got.Err() == nil {
		t.Error("the follower is ready without the order")
	} else {
		leave()
	}
	server.Stop()
	server.Restart()
	eventually.Succeeds(t, js.Conn().Flush)
	other := carillon.NewJobID()
	inHand, leave := set.Enter(t.Context(), other, runAt(noon))
	defer leave()
	put(t, js, topology.CancelJobKey(other), wire.Cancel{JobID: other, Before: now, At: now, Reason: "after"})
	<-inHand.Done()
	if reason, _ := Reason(inHand); reason != "after" {
		t.Errorf("reason %q", reason)
	}
	eventually.Succeeds(t, func() error { return asked.twice(key{run.ID, job}, key{uuid.Nil, other}) })
	stop()
	<-ended
}
