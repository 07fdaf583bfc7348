package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/ring"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	capacity = 65_536
	maxBytes = 64 << 20
	// linger is how long events are still taken after the last reader, of any
	// gateway, has gone, so that one who reconnects finds what it has missed.
	linger = 10 * time.Minute
	// mostAhead is how much sooner another gateway may have shown an event.
	mostAhead = time.Second
)

// ErrUnavailable says that the feed could not be opened in time.
var ErrUnavailable = errors.New("NATS is not available, and with it the feed")

// Feed holds the last events of all runs. It is safe for concurrent use.
type Feed struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	ring    *ring.Ring[*Event]
	linger  time.Duration
	wanted  chan struct{} // tells the goroutine that runs the feed of a reader, here or elsewhere
	created time.Time     // of the stream whose sequences the ring holds; for that goroutine only

	mu      sync.Mutex
	reading int           // readers that wait for events now
	read    time.Time     // when one did last
	open    chan struct{} // closed while events are taken
}

// New returns a feed that is empty until it runs.
func New(nc *nats.Conn, js jetstream.JetStream) *Feed {
	return &Feed{
		nc: nc, js: js, ring: ring.New[*Event](capacity, maxBytes), linger: linger,
		wanted: make(chan struct{}, 1), open: make(chan struct{}),
	}
}

// Live returns a reader of the events from now on, within the scope of ctx. If events
// are not taken yet, it waits for that, and fails with [ErrUnavailable] if ctx ends
// first.
func (f *Feed) Live(ctx context.Context) (*Reader, error) {
	if err := f.awaitOpen(ctx); err != nil {
		return nil, err
	}
	return f.reader(ctx, f.ring.Live()), nil
}

// After returns a reader of the events after a sequence, within the scope of ctx. It
// waits and fails as Live does. Who comes from another gateway may be ahead of this
// one, and is waited for.
func (f *Feed) After(ctx context.Context, sequence uint64) (*Reader, error) {
	if err := f.awaitOpen(ctx); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, mostAhead)
	defer cancel()
	f.ring.Await(waiting, sequence)
	return f.reader(ctx, f.ring.After(sequence)), nil
}

func (f *Feed) awaitOpen(ctx context.Context) error {
	open := f.want()
	f.announce()
	select {
	case <-open:
		return nil
	case <-ctx.Done():
		return ErrUnavailable
	}
}

// want has the feed opened, and returns what is closed once it is open.
func (f *Feed) want() (open <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read = time.Now()
	select {
	case f.wanted <- struct{}{}:
	default:
	}
	return f.open
}

// closeIfIdle closes the feed if nobody has read for a while. Readers that come
// later wait until it is open again.
func (f *Feed) closeIfIdle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading > 0 || time.Since(f.read) < f.linger {
		return false
	}
	select {
	case <-f.wanted: // by a reader that has gone since
	default:
	}
	f.open = make(chan struct{})
	f.ring.Forget()
	return true
}

// Reader reads events from a position. It is for one goroutine at a time, and
// needs no closing: the feed stays open while somebody reads, and opens again for
// a reader that was away for long.
type Reader struct {
	feed   *Feed
	cursor *ring.Cursor[*Event]
	within scope.Scope
}

func (f *Feed) reader(ctx context.Context, cursor *ring.Cursor[*Event]) *Reader {
	return &Reader{feed: f, cursor: cursor, within: scope.From(ctx)}
}

// Next is that of [ring.Cursor], but for the events beyond the reader's scope; if
// there were only such, it returns none, and no error.
func (r *Reader) Next(ctx context.Context, into []*Event) ([]*Event, error) {
	r.feed.want()
	r.feed.count(1)
	defer r.feed.count(-1)
	events, err := r.cursor.Next(ctx, into)
	return slices.DeleteFunc(events, r.isForeign), err
}

// Position is that of [ring.Cursor].
func (r *Reader) Position() uint64 { return r.cursor.Position() }

// Waits is that of [ring.Cursor].
func (r *Reader) Waits() bool { return r.cursor.Waits() }

func (r *Reader) isForeign(event *Event) bool { return !r.within.Admits(event.Namespace) }

// isRead reports whether somebody waits for events here.
func (f *Feed) isRead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reading > 0
}

func (f *Feed) count(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reading += n
	f.read = time.Now()
}
