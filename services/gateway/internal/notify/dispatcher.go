package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

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
		Name: "carillon_gateway_alert_pass_seconds", Help: "One look at which alerts have to be told, and the telling.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2, 16),
	})
)

const (
	// lookEvery lies between two looks; after one in which the database took long
	// comes a pause so many times as long.
	lookEvery = time.Second
	share     = 10
	// atOnce is how many messages are on their way at once.
	atOnce = 8
	// sendTimeout bounds one message.
	sendTimeout = 15 * time.Second
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
		return (!i.Told || i.ToldTimes < i.Times)
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
	book   Book
	send   Send
	tidied time.Time
}

// NewDispatcher returns a dispatcher.
func NewDispatcher(book Book, send Send) *Dispatcher { return &Dispatcher{book: book, send: send} }

// Run tells routes of alerts until ctx ends. It is meant for one process at a time;
// done is called after each look that went well.
func (d *Dispatcher) Run(ctx context.Context, done func()) {
	for ctx.Err() == nil {
		began := time.Now()
		state, err := d.book.Load(ctx)
		took := time.Since(began)
		if err == nil {
			err = d.pass(ctx, state, began.UTC())
		}
		if err == nil {
			done()
		} else if ctx.Err() == nil {
			slog.Warn("alerts not told, will try again", "error", err)
		}
		passSeconds.Observe(time.Since(began).Seconds())
		select {
		case <-ctx.Done():
		case <-time.After(max(lookEvery, share*took)):
		}
	}
}

// pass tells all groups whose time has come.
func (d *Dispatcher) pass(ctx context.Context, state State, now time.Time) error {
	sending, ctx := errgroup.WithContext(ctx)
	sending.SetLimit(atOnce)
	for id, route := range state.Routes {
		for key, items := range grouped(route, state.Items[id]) {
			group := GroupID{id, key}
			sending.Go(func() error { return d.tell(ctx, route, group, state.Groups[group], items, now) })
		}
	}
	err := sending.Wait()
	if err != nil || now.Sub(d.tidied) < tidyEvery {
		return err
	}
	d.tidied = now
	return d.book.Tidy(context.WithoutCancel(ctx))
}

func grouped(route Route, items []Item) map[string][]Item {
	groups := map[string][]Item{}
	for _, item := range items {
		key := route.key(item.Alert)
		groups[key] = append(groups[key], item)
	}
	return groups
}

// tell sends the message of a group, if it is due.
func (d *Dispatcher) tell(ctx context.Context, route Route, id GroupID, group Group, items []Item, now time.Time) error {
	noted := group
	open, worth := false, items[:0:0]
	news := false
	for _, item := range items {
		open = open || item.Open()
		news = news || item.news(route)
		if item.Open() || item.news(route) {
			worth = append(worth, item)
		}
	}
	if group.Since.IsZero() == news {
		noted.Since = time.Time{}
		if news {
			noted.Since = now
		}
	}
	due, ever := route.timing().Due(noted, open)
	if ever && !due.After(now) && len(worth) > 0 {
		return d.deliver(ctx, route, id, noted, items, worth, now)
	}
	if noted != group {
		return d.book.Save(ctx, id, noted, nil, "")
	}
	return nil
}

func (d *Dispatcher) deliver(ctx context.Context, route Route, id GroupID, group Group, items, worth []Item, now time.Time) error {
	sent, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := d.send(sent, route, Compose(route, id.Key, alertsOf(worth)))
	switch {
	case err == nil:
		messages.WithLabelValues("sent").Inc()
		// Even at the end of a turn: what is sent and not stored is sent again.
		return d.book.Save(context.WithoutCancel(ctx), id, group.Told(now), items, "")
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	messages.WithLabelValues("failed").Inc()
	slog.Warn("alert not sent, will try again", "error", err, "namespace", route.Namespace, "route", route.Name, "failures", group.Failures+1)
	return d.book.Save(ctx, id, group.Failed(now), nil, err.Error())
}

func alertsOf(items []Item) []Alert {
	alerts := make([]Alert, len(items))
	for i, item := range items {
		alerts[i] = item.Alert
	}
	return alerts
}
