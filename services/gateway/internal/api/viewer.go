package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/ring"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/google/uuid"
)

const (
	writeTimeout = 10 * time.Second
	// chunk is how many events a viewer takes from the ring at once.
	chunk = 256
	// breath lies between two looks at the ring. A thousand viewers that are each
	// woken by each of a thousand events a second would keep two cores busy.
	breath = 20 * time.Millisecond
)

// sink carries what a viewer is sent. Nothing sent is kept back beyond flush.
type sink interface {
	event(sequence uint64, text []byte) error
	reset(sequence uint64, text []byte) error
	flush() error
}

// viewer is a client of the feed, however it is connected.
type viewer struct {
	key      uuid.UUID // whose place it takes
	filter   feed.Filter
	events   *feed.Reader
	coalesce time.Duration               // 0: every event
	valid    func(context.Context) error // nil while the client may go on
	sent     uint64                      // sequence of the last event that the client has been sent or spared
	held     *latest                     // nil without coalesce
}

// watch sends events until it cannot, and returns why, for the client to read.
func (v *viewer) watch(ctx context.Context, to sink) (reason string) {
	if v.coalesce > 0 {
		v.held = newLatest()
	}
	buffer := make([]*feed.Event, 0, chunk)
	for {
		events, err := v.events.Next(ctx, buffer)
		var reset *ring.Reset
		switch {
		case errors.As(err, &reset):
			err = v.lose(to, reset)
		case errors.Is(err, ring.ErrOvertaken):
			return fmt.Sprintf("too slow: reconnect with since=%d", v.sent)
		case err == nil:
			err = v.take(to, events)
		}
		if err != nil {
			return "too slow: a write took more than " + writeTimeout.String()
		}
		if v.events.Waits() {
			lull.For(ctx, max(breath, v.coalesce))
		}
	}
}

// lose tells of events that cannot be had.
func (v *viewer) lose(to sink, reset *ring.Reset) error {
	err := errors.Join(v.release(to), to.reset(reset.Sequence, resetText(reset)))
	v.sent = reset.Sequence
	return errors.Join(err, to.flush())
}

// take sends events, or holds them until there are no more for the time being.
func (v *viewer) take(to sink, events []*feed.Event) error {
	for _, event := range events {
		if !v.filter.Admits(event) || event.Text() == nil {
			continue
		}
		if v.held != nil {
			v.held.add(event)
		} else if err := to.event(event.Sequence, event.Text()); err != nil {
			return err
		}
	}
	if v.held != nil && !v.held.full() && !v.events.Waits() {
		return nil
	}
	v.sent = v.events.Position()
	return errors.Join(v.release(to), to.flush())
}

// release sends what is held.
func (v *viewer) release(to sink) error {
	if v.held == nil {
		return nil
	}
	for event, skipped := range v.held.all() {
		if err := to.event(event.Sequence, feed.WithSkipped(event.Text(), skipped)); err != nil {
			return err
		}
	}
	v.held.clear()
	return nil
}
