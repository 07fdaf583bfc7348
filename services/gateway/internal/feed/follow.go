package feed

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
)

const (
	// checkEvery is how often the feed compares itself with the stream.
	checkEvery = 5 * time.Second
	beginEvery = 250 * time.Millisecond
)

// sequenceHeader is set by the server on republished messages.
const sequenceHeader = "Nats-Sequence"

// Run takes events while there are readers at any gateway, until ctx ends. It
// calls ready once the stream of outcomes is there.
func (f *Feed) Run(ctx context.Context, ready func()) error {
	others, err := f.nc.Subscribe(topology.FeedReaders, func(*nats.Msg) { f.want() })
	if err != nil {
		return fmt.Errorf("subscribe to the feed's readers: %w", err)
	}
	defer func() { _ = others.Unsubscribe() }() // fails only on a closed connection
	if _, ok := f.await(ctx); ok {
		ready()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.wanted:
			if err := f.follow(ctx); err != nil {
				return err
			}
		}
	}
}

// announce tells all gateways that somebody reads here: a client that loses this
// gateway goes on at another one, which must have the events by then. If the word
// is lost, the next one follows soon.
func (f *Feed) announce() { _ = f.nc.Publish(topology.FeedReaders, nil) }

// follow takes events until nobody has read them for a while.
func (f *Feed) follow(ctx context.Context) error {
	sub, err := f.nc.Subscribe(topology.AllFeed, f.take)
	if err != nil {
		return fmt.Errorf("subscribe to the feed: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only on a closed connection
	seen, ok := f.await(ctx)                 // the answer comes after the subscription has reached the server
	if !ok {
		return nil
	}
	f.begin(seen)
	close(f.open)
	f.watch(ctx, sub, seen)
	return nil
}

// take is called from one goroutine. The message's data is its own.
func (f *Feed) take(msg *nats.Msg) {
	sequence, err := strconv.ParseUint(msg.Header.Get(sequenceHeader), 10, 64)
	if err != nil {
		slog.Warn("event without a sequence", "subject", msg.Subject)
		return
	}
	event := newEvent(sequence, msg.Subject, msg.Data)
	f.ring.Append(sequence, event, event.size())
}

// await returns the extent of the stream, once there is a stream. It is false if
// ctx ended.
func (f *Feed) await(ctx context.Context) (extent, bool) {
	for ctx.Err() == nil {
		if stored, ok := f.stored(ctx); ok {
			return stored, true
		}
		lull.For(ctx, beginEvery)
	}
	return extent{}, false
}

// begin makes sure that the ring's series stands at what was stored, or goes on
// from there. Another stream may have taken the place of the one that the ring
// knows: its sequences begin at 1 again, and would pass for old ones.
func (f *Feed) begin(stored extent) {
	if f.created.IsZero() || stored.created.Equal(f.created) {
		f.ring.Begin(stored.last)
	} else {
		f.ring.Restart(stored.last)
	}
	f.created = stored.created
}

// watch looks every few seconds for events that are missing although the stream
// had stored them a whole round ago. It ends when the readers have long gone.
func (f *Feed) watch(ctx context.Context, sub *nats.Subscription, seen extent) {
	for ctx.Err() == nil && !f.closeIfIdle() {
		lull.For(ctx, min(checkEvery, f.linger))
		if f.isRead() {
			f.announce()
		}
		stored, ok := f.stored(ctx)
		if waiting, _, err := sub.Pending(); !ok || err != nil || waiting > 0 {
			continue
		}
		if stored.created.Equal(seen.created) {
			f.begin(seen)
		} else {
			f.begin(stored)
		}
		seen = stored
	}
}

// extent is how far a stream has got. Streams differ in when they were created.
type extent struct {
	last    uint64
	created time.Time
}

// stored returns the extent of the stream, or false if nobody says.
func (f *Feed) stored(ctx context.Context) (extent, bool) {
	ctx, cancel := context.WithTimeout(ctx, checkEvery/2)
	defer cancel()
	stream, err := f.js.Stream(ctx, topology.OutcomesStream)
	if err != nil {
		return extent{}, false
	}
	info := stream.CachedInfo()
	return extent{last: info.State.LastSeq, created: info.Created}, true
}
