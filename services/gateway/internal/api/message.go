package api

import (
	"encoding/json"
	"reflect"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/ring"
	"github.com/danielgtaylor/huma/v2"
)

// feedMessage names the schema of what a feed client is sent.
const feedMessage = "FeedMessage"

// messageSchema returns the schema of a message of the feed: an event or a reset.
func (a *API) messageSchema() *huma.Schema {
	registry := a.schemas()
	registry.Map()[feedMessage] = &huma.Schema{OneOf: []*huma.Schema{
		registry.Schema(reflect.TypeFor[feed.Message](), true, ""),
		registry.Schema(reflect.TypeFor[feedReset](), true, ""),
	}}
	return &huma.Schema{Ref: schemas + feedMessage}
}

// feedReset is the message that events are lost to a client.
type feedReset struct {
	Type     string `json:"type" enum:"reset"`
	Reason   string `json:"reason" doc:"Why, in words."`
	Sequence uint64 `json:"seq" doc:"Events up to here cannot be had any more; the feed goes on after it." example:"1042"`
}

func resetText(reset *ring.Reset) []byte {
	text, _ := json.Marshal(feedReset{"reset", reset.Reason, reset.Sequence}) // cannot fail: plain data
	return text
}
