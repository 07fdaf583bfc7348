package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/contrib/websocket"
)

const followFeed = "follow-feed"

func (a *API) routeFeed() {
	follow := operation(http.MethodGet, "/feed", followFeed, feedTag, "Follow runs as they happen", http.StatusUpgradeRequired, http.StatusTooManyRequests)
	follow.Description = feedDescription
	follow.DefaultStatus = http.StatusSwitchingProtocols
	follow.Responses = map[string]*huma.Response{
		"101": {Description: "A WebSocket of such messages", Content: map[string]*huma.MediaType{
			"application/json": {Schema: a.messageSchema()},
		}},
		"200": {Description: "Such messages as server-sent events", Content: map[string]*huma.MediaType{
			eventStream: {Schema: a.messageSchema()},
		}},
	}
	register(a, keyring.Viewer, follow, a.followFeed)
}

// followFeed places the reader before it accepts the client: what happens after
// that is what the client will see.
func (a *API) followFeed(ctx context.Context, in *feedQuery) (*huma.StreamResponse, error) {
	if !in.upgrade && !in.stream {
		return nil, huma.NewError(http.StatusUpgradeRequired, "this is a WebSocket; for server-sent events, accept "+eventStream)
	}
	who := callerOf(ctx)
	if a.sessions.full(who.ID) {
		return nil, huma.NewError(http.StatusTooManyRequests, "this gateway has as many clients of the feed as it takes, in all or with one key; try another, or later")
	}
	reader, err := a.reader(ctx, in.Since)
	if err != nil {
		return nil, err
	}
	v := &viewer{
		key: who.ID, filter: in.filter, events: reader, coalesce: in.coalesce, sent: reader.Position(),
		valid: func(ctx context.Context) error { return a.stillValid(ctx, who) },
	}
	if in.upgrade {
		return &huma.StreamResponse{Body: func(ctx huma.Context) { a.upgrade(ctx, v) }}, nil
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) { a.stream(ctx, v) }}, nil
}

// openTimeout is how long the feed may take to open: a round trip to NATS.
const openTimeout = 3 * time.Second

func (a *API) reader(ctx context.Context, since int64) (*feed.Reader, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if since < 0 {
		return a.Feed.Live(ctx)
	}
	return a.Feed.After(ctx, uint64(since))
}

const feedDescription = "A WebSocket, or server-sent events for a request that accepts `text/event-stream`. Each message is an event: `{\"seq\": 1042, \"event\": \"finished\", \"run\": {…}}`, in the order of `seq`, none twice. " +
	"Events are queued, started, attempted and finished; a run that ends at once has only the last. " +
	"To go on after a lost connection, connect with `since` set to the last `seq` seen; server-sent events have it as their id, and take it back as `Last-Event-ID`.\n\n" +
	"With `coalesce`, events come at most once in that time, and of each job only the last, with `skipped` saying how many came before it.\n\n" +
	"`{\"type\": \"reset\", \"reason\": \"…\", \"seq\": 1042}` says that events up to there cannot be had any more: read the runs anew; the feed goes on after them.\n\n" +
	"A client that reads too slowly is disconnected with code 1013 and a reason (server-sent events: an event `end`). The gateway's end has code 1001. " +
	"Where headers cannot be set, give the key as subprotocol `bearer.<key>`; a browser that is logged in needs none. A browser's page of another origin is refused unless CARILLON_ORIGINS names it. " +
	"When the key is revoked or ends, so does the feed, with code 1008."

// upgrade makes a WebSocket of a request.
func (a *API) upgrade(ctx huma.Context, v *viewer) {
	c := humafiber.Unwrap(ctx)
	config := websocket.Config{}
	if offered, ok := bearerProtocol(ctx.Header("Sec-WebSocket-Protocol")); ok {
		config.Subprotocols = []string{protocol, offered}
	}
	serve := func(conn *websocket.Conn) {
		serving, leave, ok := a.sessions.admit(v.key)
		if !ok {
			return // since it was accepted, others came
		}
		defer leave()
		s := &session{viewer: v, conn: conn}
		s.run(serving)
	}
	if err := websocket.New(serve, config)(c); err != nil {
		a.refuse(ctx, huma.NewError(http.StatusBadRequest, "this is not a valid WebSocket handshake"))
	}
}

// protocol is the subprotocol to offer beside the one that carries a key, so
// that the key is not sent back.
const protocol = "carillon"
