package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/fasthttp/websocket"
)

// Event is one message of the live feed: an event, or with the Type reset and a
// Reason, that events up to Sequence cannot be had any more.
type Event struct {
	Sequence uint64       `json:"seq"`
	Event    string       `json:"event,omitempty"`
	Run      wire.Outcome `json:"run,omitzero"`
	Type     string       `json:"type,omitempty"`
	Reason   string       `json:"reason,omitempty"`
}

// Follower reads the live feed. Make one with [Client.Follow]; it is for one
// goroutine, and has to be closed.
type Follower struct {
	ctx     context.Context
	conn    *websocket.Conn
	release func() bool
}

// silence is how long the server, which pings three times a minute, may say nothing.
const silence = 2 * time.Minute

// Follow opens the live feed for the events that a query asks for, until ctx ends.
// It fails with *[Problem] when the server says no.
func (c *Client) Follow(ctx context.Context, query url.Values) (*Follower, error) {
	header := http.Header{"Authorization": {"Bearer " + c.key}}
	address := "ws" + strings.TrimPrefix(c.base, "http") + "/api/v1/feed?" + query.Encode()
	conn, answer, err := websocket.DefaultDialer.DialContext(ctx, address, header)
	if errors.Is(err, websocket.ErrBadHandshake) {
		body, _ := io.ReadAll(answer.Body) // what there is of it
		return nil, problemOf(answer, body)
	}
	if err != nil {
		return nil, fmt.Errorf("live feed: %w", err)
	}
	f := &Follower{ctx: ctx, conn: conn, release: context.AfterFunc(ctx, func() { conn.Close() })}
	pong := conn.PingHandler()
	conn.SetPingHandler(func(text string) error {
		f.hear()
		return pong(text)
	})
	return f, nil
}

func (f *Follower) hear() { _ = f.conn.SetReadDeadline(time.Now().Add(silence)) } // a closed one fails by itself

// Next waits for the next message. It fails with *[Problem] when the key is no
// longer good, and with the error of the context when that has ended.
func (f *Follower) Next() (event Event, err error) {
	f.hear()
	_, data, err := f.conn.ReadMessage()
	var closed *websocket.CloseError
	switch {
	case f.ctx.Err() != nil:
		return event, f.ctx.Err()
	case errors.As(err, &closed) && closed.Code == websocket.ClosePolicyViolation:
		return event, &Problem{Status: http.StatusUnauthorized, Title: closed.Text}
	case err != nil:
		return event, fmt.Errorf("live feed: %w", err)
	}
	if err := json.Unmarshal(data, &event); err != nil {
		return event, fmt.Errorf("live feed: %w", err)
	}
	return event, nil
}

// Close ends the reading.
func (f *Follower) Close() {
	f.release()
	_ = f.conn.Close() // nothing is lost that was not read
}

// Feed sends every event of the live feed from now on to events, and closes it
// at the end. It returns nil when ctx ends, and otherwise why the feed ended.
func (c *Client) Feed(ctx context.Context, events chan<- Event) error {
	defer close(events)
	feed, err := c.Follow(ctx, nil)
	if err != nil {
		return endOf(ctx, err)
	}
	defer feed.Close()
	for {
		event, err := feed.Next()
		if err != nil {
			return endOf(ctx, err)
		}
		select {
		case events <- event:
		case <-ctx.Done():
			return nil
		}
	}
}

func endOf(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return err
}
