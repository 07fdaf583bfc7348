package feed

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/ring"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	capacity = 65_536
	maxBytes = 64 << 20
	// checkEvery is how often the feed compares itself with the stream.
	checkEvery = 5 * time.Second
	beginEvery = 250 * time.Millisecond
)

// sequenceHeader is set by the server on republished messages.
const sequenceHeader = "Nats-Sequence"

// Feed holds the last events of all runs. It is safe for concurrent use.
type Feed struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	ring *ring.Ring[*Event]
}

// New returns a feed that is empty until it runs.
func New(nc *nats.Conn, js jetstream.JetStream) *Feed {
	return &Feed{nc: nc, js: js, ring: ring.New[*Event](capacity, maxBytes)}
}

// Live returns a cursor over the events from now on.
func (f *Feed) Live() *ring.Cursor[*Event] { return f.ring.Live() }

// After returns a cursor over the events after a sequence.
func (f *Feed) After(sequence uint64) *ring.Cursor[*Event] { return f.ring.After(sequence) }

// Run takes events until ctx ends. Without a server it waits for one. It calls
// ready once events are sure to be seen.
func (f *Feed) Run(ctx context.Context, ready func()) error {
	sub, err := f.nc.Subscribe(topology.AllFeed, f.take)
	if err != nil {
		return fmt.Errorf("subscribe to the feed: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only on a closed connection
	seen, ok := f.begin(ctx)
	if !ok {
		return nil
	}
	ready()
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

// begin begins the series after what the stream holds, once there is a stream.
// It is false if ctx ended.
func (f *Feed) begin(ctx context.Context) (seen extent, ok bool) {
	for ctx.Err() == nil {
		// The answer comes after the subscription has reached the server.
		if seen, ok := f.stored(ctx); ok {
			f.ring.Begin(seen.last)
			return seen, true
		}
		wait(ctx, beginEvery)
	}
	return extent{}, false
}

// watch breaks the series where events are missing that the stream had stored a
// whole round ago, and where another stream has taken the place of the first:
// its sequences begin at 1 again, and would pass for old ones.
func (f *Feed) watch(ctx context.Context, sub *nats.Subscription, seen extent) {
	for ctx.Err() == nil {
		wait(ctx, checkEvery)
		stored, ok := f.stored(ctx)
		waiting, _, err := sub.Pending()
		switch {
		case !ok || err != nil || waiting > 0:
			continue
		case !stored.created.Equal(seen.created):
			f.ring.Restart(stored.last)
		default:
			f.ring.Begin(seen.last)
		}
		seen = stored
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
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
