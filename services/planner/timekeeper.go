package planner

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/clock"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// compareEvery is how often the clock is compared with the server's.
	compareEvery = 2 * time.Second
	// compareTimeout bounds one comparison: far above what an answer may take to be
	// of use, so that a slow link can be told from none.
	compareTimeout = 5 * time.Second
)

// timekeeper holds planning while this machine's clock cannot be trusted: the
// loop at once, the leases as soon as they can be given up.
type timekeeper struct {
	js     jetstream.JetStream
	read   func() clock.Reading
	guard  *clock.Guard
	doubt  chan struct{} // asks for a comparison at once
	report func(error)

	mu      sync.Mutex
	trusted bool
	turned  chan struct{} // closed when trusted changes
}

func newTimekeeper(js jetstream.JetStream, read func() clock.Reading, report func(error)) *timekeeper {
	return &timekeeper{
		js: js, read: read, guard: clock.NewGuard(), report: report,
		doubt: make(chan struct{}, 1), turned: make(chan struct{}),
	}
}

// now returns the time to plan by, or false while there is none.
func (k *timekeeper) now() (time.Time, bool) {
	reading := k.read()
	err := k.guard.Check(reading)
	if err == nil {
		return reading.Wall.UTC(), true
	}
	k.turn(err)
	select {
	case k.doubt <- struct{}{}:
	default:
	}
	return time.Time{}, false
}

// sound reports whether there is a time to plan by.
func (k *timekeeper) sound() bool {
	_, ok := k.now()
	return ok
}

// run compares the clocks until ctx ends.
func (k *timekeeper) run(ctx context.Context) error {
	tick := time.NewTicker(compareEvery)
	defer tick.Stop()
	for {
		k.compare(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-k.doubt:
			select { // doubts do not end while the clock is wrong
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(doubtPause):
			}
		}
	}
}

// doubtPause bounds how often doubts make the clocks be compared.
const doubtPause = 20 * time.Millisecond

// compare asks the server for its time. Without an answer nothing changes: then
// nothing can be committed either.
func (k *timekeeper) compare(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, compareTimeout)
	defer stop()
	sent := k.read()
	stream, err := k.js.Stream(ctx, topology.RunsStream)
	if err != nil {
		return
	}
	received := k.read()
	if skew, ok := k.guard.Compare(sent, received, stream.CachedInfo().TimeStamp); ok {
		clockSkew.Set(skew.Seconds())
	}
	k.turn(k.guard.Check(k.read()))
}

// turn tells everybody if the clock has become trusted, or not trusted any more.
func (k *timekeeper) turn(reason error) {
	k.report(reason)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trusted == (reason == nil) {
		return
	}
	if k.trusted = reason == nil; k.trusted {
		slog.Info("clock agrees with the server's")
	} else {
		slog.Warn("nothing is planned here", "reason", reason)
	}
	close(k.turned)
	k.turned = make(chan struct{})
}

// wait returns when the clock is trusted, or not, as asked for, or ctx ends.
func (k *timekeeper) wait(ctx context.Context, trusted bool) {
	for {
		k.mu.Lock()
		done, turned := k.trusted == trusted, k.turned
		k.mu.Unlock()
		if done {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-turned:
		}
	}
}

// whileTrusted waits until the clock is trusted and returns a context that ends
// when it is not any more.
func (k *timekeeper) whileTrusted(ctx context.Context) (context.Context, context.CancelFunc) {
	k.wait(ctx, true)
	trusting, stop := context.WithCancel(ctx)
	go func() {
		k.wait(trusting, false)
		stop()
	}()
	return trusting, stop
}
