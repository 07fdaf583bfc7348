package cooldown

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// retryEvery is the pause after a try that failed.
const retryEvery = time.Second

// News is a cooldown as the other runners hear of it: a subject of the bucket, and
// what is published to it.
func News(host string, until time.Time) (subject string, data []byte) {
	return topology.Cooldown(host), wire.Encode(wire.Cooldown{Host: host, Until: until.UTC()})
}

// Source calls handle with all entries of the bucket, from one goroutine: those
// that stand there before it returns, and then each as it comes, until stop.
type Source func(ctx context.Context, handle func(bus.Entry)) (stop func(), err error)

// Follower brings the cooldowns of the bucket into a set.
type Follower struct {
	source Source
	set    *Set
}

// NewFollower returns a follower that does nothing until it is run.
func NewFollower(source Source, set *Set) *Follower { return &Follower{source, set} }

// Run follows the bucket until ctx ends. It calls ready once the set has all
// cooldowns that stand in the bucket at the start.
func (f *Follower) Run(ctx context.Context, ready func()) {
	for ctx.Err() == nil {
		stop, err := f.source(ctx, f.take)
		if err == nil {
			ready()
			<-ctx.Done()
			stop()
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// take takes an entry in. An empty one is a key that somebody deleted.
func (f *Follower) take(entry bus.Entry) {
	if len(entry.Data) == 0 {
		f.set.end(entry.Subject)
		return
	}
	cooldown, err := read(entry)
	if err != nil {
		slog.Error("malformed cooldown ignored", "subject", entry.Subject, "error", err)
		return
	}
	f.set.Extend(cooldown.Host, cooldown.Until, time.Now())
}

func read(entry bus.Entry) (wire.Cooldown, error) {
	cooldown, err := wire.Decode[wire.Cooldown](entry.Data)
	if err == nil && topology.Cooldown(cooldown.Host) != entry.Subject {
		err = errors.New("it is another host's")
	}
	return cooldown, err
}
