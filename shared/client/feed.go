package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/fasthttp/websocket"
)

// Event is one event of the live feed.
type Event struct {
	Sequence uint64       `json:"seq"`
	Event    string       `json:"event"`
	Run      wire.Outcome `json:"run"`
}

// Feed sends every event of the live feed from now on to events, and closes it
// at the end. It returns nil when ctx ends, and otherwise why the feed ended.
func (c *Client) Feed(ctx context.Context, events chan<- Event) error {
	defer close(events)
	header := http.Header{"Authorization": {"Bearer " + c.key}}
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(c.base, "http")+"/api/v1/feed", header)
	if err != nil {
		return endOf(ctx, fmt.Errorf("live feed: %w", err))
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return endOf(ctx, fmt.Errorf("live feed: %w", err))
		}
		var event Event
		if err := json.Unmarshal(data, &event); err != nil {
			return fmt.Errorf("live feed: %w", err)
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
