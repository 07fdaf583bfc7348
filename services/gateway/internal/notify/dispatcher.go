package notify

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/errgroup"
)

var (
	messages = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_gateway_alert_messages_total", Help: "Messages about alerts, by how sending them went: sent or failed.",
	}, []string{"result"})
	passSeconds = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "carillon_gateway_alert_pass_seconds", Help: "One look at which alerts have to be told, without the telling.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2, 16),
	})
)

const (
	// lookEvery lies between two looks; after one in which the database took long
	// comes a pause so many times as long.
	lookEvery = time.Second
	share     = 10
	// atOnce is how many routes are told something at once, each of one group after
	// the other: a channel that hangs holds up its own route, not the others.
	atOnce = 64
	// sendTimeout bounds one message.
	sendTimeout = 15 * time.Second
	// turn is how long a route is told things before others may have its place. What
	// is left is read anew then.
	turn = 15 * time.Second
	// tidyEvery is how often what nobody needs any more is forgotten.
	tidyEvery = time.Hour
)

// GroupID names a group.
type GroupID struct {
	Route uuid.UUID
	Key   string
}

// Item is an alert that a route is for.
type Item struct {
	Alert
	// Told says that the route was told of it: that it was open or not, and how often
	// it had begun.
	Told, ToldOpen bool
	ToldTimes      int
}

// news reports whether there is something to tell of an alert.
func (i Item) news(route Route) bool {
	if route.NoRecovery && !i.Open() {
		return false
	}
	return !i.Told || i.ToldOpen != i.Open() || i.ToldTimes < i.Times
}

// State is all that a look needs: the routes, what they may have to be told of, and
// what is known of their groups.
type State struct {
	Routes map[uuid.UUID]Route
	Items  map[uuid.UUID][]Item
	Groups map[GroupID]Group
}

// Book keeps what was told.
type Book interface {
	Load(ctx context.Context) (State, error)
	// Save stores what is known of a group, and what its route was told of; reason
	// says why it could not be told.
	Save(ctx context.Context, id GroupID, group Group, told []Item, reason string) error
	Tidy(ctx context.Context) error
}

// Send sends a message where a route leads. Its error holds no secrets.
type Send func(ctx context.Context, route Route, message Message) error

// Dispatcher tells routes of alerts.
type Dispatcher struct {
	book    Book
	send    Send
	tidied  time.Time
	sending errgroup.Group
	mu      sync.Mutex
	busy    map[uuid.UUID]bool // routes that are being told something
}

// NewDispatcher returns a dispatcher.
func NewDispatcher(book Book, send Send) *Dispatcher {
	d := &Dispatcher{book: book, send: send, busy: map[uuid.UUID]bool{}}
	d.sending.SetLimit(atOnce)
	return d
}

// Run tells routes of alerts until ctx ends. It is meant for one process at a time;
// done is called whenever it has been seen what there is to tell.
func (d *Dispatcher) Run(ctx context.Context, done func()) {
	for ctx.Err() == nil {
		began := time.Now()
		err := d.pass(ctx, began.UTC())
		took := time.Since(began)
		passSeconds.Observe(took.Seconds())
		if err == nil {
			done()
		} else if ctx.Err() == nil {
			slog.Warn("alerts not told, will try again", "error", err)
		}
		lull.For(ctx, max(lookEvery, share*took))
	}
	_ = d.sending.Wait()
}

// pass has all groups told whose time has come, and does not wait for that. What is
// read of a route that was being told something may be out of date: that route's
// turn is the next time.
func (d *Dispatcher) pass(ctx context.Context, now time.Time) error {
	busy := d.taken()
	state, err := d.book.Load(ctx)
	if err != nil {
		return err
	}
	for id, route := range state.Routes {
		if work := todo(route, state, now); len(work) > 0 && !busy[id] {
			d.begin(ctx, id, work)
		}
	}
	if now.Sub(d.tidied) < tidyEvery {
		return nil
	}
	d.tidied = now
	return d.book.Tidy(ctx)
}

// begin tells one route in the background, if there is room. What is wrong with one
// of its groups does not stop the others.
func (d *Dispatcher) begin(ctx context.Context, route uuid.UUID, work []task) {
	d.take(route, true)
	began := d.sending.TryGo(func() error {
		defer d.take(route, false)
		for end := time.Now().Add(turn); len(work) > 0 && time.Now().Before(end); work = work[1:] {
			t := work[0]
			if err := d.do(ctx, t); err != nil && ctx.Err() == nil {
				slog.Warn("what was told of alerts is not stored", "error", err, "route", t.route.Name, "group", t.id.Key)
			}
		}
		return nil
	})
	if !began {
		d.take(route, false)
	}
}

func (d *Dispatcher) taken() map[uuid.UUID]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.busy)
}

func (d *Dispatcher) take(route uuid.UUID, busy bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if delete(d.busy, route); busy {
		d.busy[route] = true
	}
}

// do sends the message of a group, or only stores what is known of it.
func (d *Dispatcher) do(ctx context.Context, t task) error {
	if !t.due {
		return d.book.Save(ctx, t.id, t.group, nil, "")
	}
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := d.send(sending, t.route, Compose(t.route, t.id.Key, t.worth()))
	now := time.Now().UTC()
	switch {
	case err == nil:
		messages.WithLabelValues("sent").Inc()
		// Even at the end of a turn: what is sent and not stored is sent again.
		return d.book.Save(context.WithoutCancel(ctx), t.id, t.group.Told(now), t.items, "")
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	messages.WithLabelValues("failed").Inc()
	slog.Warn("alert not sent, will try again", "error", err, "namespace", t.route.Namespace, "route", t.route.Name, "failures", t.group.Failures+1)
	return d.book.Save(ctx, t.id, t.group.Failed(now), nil, err.Error())
}
