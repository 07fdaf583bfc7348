package cancellation

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// retryEvery is the pause after a try that failed.
const retryEvery = time.Second

var malformed = promauto.NewCounter(prometheus.CounterOpts{
	Name: "carillon_runner_malformed_cancellations_total", Help: "Cancellations ignored because they cannot be understood.",
})

// Source calls handle with all entries of the bucket, from one goroutine: those
// that stand there before it returns, and then each as it comes, until stop.
type Source func(ctx context.Context, handle func(bus.Entry)) (stop func(), err error)

// Follower brings the orders of the bucket into a set, and has what they mean
// among the parked retries withdrawn.
type Follower struct {
	source   Source
	set      *Set
	withdraw func(context.Context, Order) error

	mu      sync.Mutex
	backlog map[key]Order // to be withdrawn
	more    chan struct{}
}

// NewFollower returns a follower that does nothing until it is run. An order is
// given to withdraw, one at a time, until that succeeds.
func NewFollower(source Source, set *Set, withdraw func(context.Context, Order) error) *Follower {
	return &Follower{source: source, set: set, withdraw: withdraw, backlog: make(map[key]Order), more: make(chan struct{}, 1)}
}

// Run follows the bucket until ctx ends. It calls ready once the set has all
// orders that stand in the bucket at the start.
func (f *Follower) Run(ctx context.Context, ready func()) {
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	sweeping.Go(func() { f.sweep(ctx) })
	for ctx.Err() == nil {
		stop, err := f.source(ctx, f.take)
		if err == nil {
			ready()
			<-ctx.Done()
			stop()
			return
		}
		lull.For(ctx, retryEvery)
	}
}

// take takes an entry in. An empty one is a key that somebody deleted: what has
// been ordered stays so, until the order's time is over.
func (f *Follower) take(entry bus.Entry) {
	if len(entry.Data) == 0 {
		return
	}
	order, err := read(entry.Subject, entry.Data)
	if err != nil {
		malformed.Inc()
		slog.Error("malformed cancellation ignored", "subject", entry.Subject, "error", err)
		return
	}
	f.set.Add(order)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backlog[order.key()] = order
	select {
	case f.more <- struct{}{}:
	default:
	}
}

// sweep has all orders withdrawn until ctx ends. It does not hold up those that
// come meanwhile: a call is stopped before anything is looked for.
func (f *Follower) sweep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.more:
		}
		for order, ok := f.next(); ok && ctx.Err() == nil; order, ok = f.next() {
			f.until(ctx, order)
		}
	}
}

func (f *Follower) next() (Order, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, order := range f.backlog {
		delete(f.backlog, key)
		return order, true
	}
	return Order{}, false
}

func (f *Follower) until(ctx context.Context, order Order) {
	for ctx.Err() == nil {
		err := f.withdraw(ctx, order)
		if err == nil {
			return
		}
		slog.Warn("parked retries not withdrawn", "run", order.Run, "job", order.JobID, "error", err)
		lull.For(ctx, retryEvery)
	}
}
