package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/contrib/websocket"
	"github.com/google/uuid"
)

const followFeed = "follow-feed"

func (a *API) routeFeed() {
	follow := operation(http.MethodGet, "/feed", followFeed, feedTag, "Follow runs as they happen", http.StatusUpgradeRequired)
	follow.Description = feedDescription
	follow.DefaultStatus = http.StatusSwitchingProtocols
	follow.Responses = map[string]*huma.Response{"101": {
		Description: "A WebSocket of such messages", Content: map[string]*huma.MediaType{
			"application/json": {Schema: a.messageSchema()},
		},
	}}
	register(a, keyring.Viewer, follow, a.followFeed)
}

const feedDescription = "A WebSocket. Each message is an event: `{\"seq\": 1042, \"event\": \"finished\", \"run\": {…}}`, in the order of `seq`, none twice. " +
	"Events are queued, started, attempted and finished; a run that ends at once has only the last. " +
	"To go on after a lost connection, connect with `since` set to the last `seq` seen.\n\n" +
	"`{\"type\": \"reset\", \"reason\": \"…\", \"seq\": 1042}` says that events up to there cannot be had any more: read the runs anew; the feed goes on after them.\n\n" +
	"A client that reads too slowly is disconnected with code 1013 and a reason. The gateway's end has code 1001. " +
	"Where headers cannot be set, give the key as subprotocol `bearer.<key>`; a browser that is logged in needs none. " +
	"When the key is revoked or ends, so does the feed, with code 1008."

type feedFilter struct {
	Namespace string           `query:"namespace" doc:"Only runs of this namespace."`
	JobID     uuid.UUID        `query:"job_id" format:"uuid" doc:"Only runs of this job."`
	State     []carillon.State `query:"state,explode" enum:"queued,running,retrying,succeeded,failed,cancelled,skipped,missed,expired,lost" doc:"Only events after which the run is in this state; may be given several times."`
	Since     int64            `query:"since" default:"-1" minimum:"-1" doc:"Begin after the event with this sequence; by default with what comes next."`

	upgrade bool // the request is to become a WebSocket
}

// Resolve looks at what the request is to become.
func (f *feedFilter) Resolve(ctx huma.Context) []error {
	f.upgrade = websocket.IsWebSocketUpgrade(humafiber.Unwrap(ctx))
	return nil
}

// admits reports whether a client wants an event. States come last: to know them
// the event has to be decoded.
func (f *feedFilter) admits(event *feed.Event) bool {
	return (f.Namespace == "" || f.Namespace == event.Namespace) &&
		(f.JobID == uuid.Nil || f.JobID == event.JobID) &&
		(len(f.State) == 0 || slices.Contains(f.State, event.State()))
}

// followFeed places the reader before it accepts the WebSocket: what happens
// after a client has been accepted is what the client will see.
func (a *API) followFeed(ctx context.Context, in *feedFilter) (*huma.StreamResponse, error) {
	if !in.upgrade {
		return nil, huma.NewError(http.StatusUpgradeRequired, "this is a WebSocket")
	}
	reader, err := a.reader(ctx, in.Since)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	s := &session{filter: *in, events: reader, valid: func(ctx context.Context) error { return a.stillValid(ctx, who) }}
	return &huma.StreamResponse{Body: func(ctx huma.Context) { a.upgrade(ctx, s) }}, nil
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

func (a *API) upgrade(ctx huma.Context, s *session) {
	c := humafiber.Unwrap(ctx)
	config := websocket.Config{}
	if offered, ok := bearerProtocol(ctx.Header("Sec-WebSocket-Protocol")); ok {
		config.Subprotocols = []string{protocol, offered}
	}
	serve := func(conn *websocket.Conn) { a.sessions.serve(s, conn) }
	if err := websocket.New(serve, config)(c); err != nil {
		a.refuse(ctx, huma.NewError(http.StatusBadRequest, "this is not a valid WebSocket handshake"))
	}
}

// protocol is the subprotocol to offer beside the one that carries a key, so
// that the key is not sent back.
const protocol = "carillon"
