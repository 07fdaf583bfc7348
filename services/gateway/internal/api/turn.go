package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	// turnsOfKey is how many requests with one key are worked on at once: less than
	// half of the connections to Postgres, whatever each of them costs.
	turnsOfKey = 4
	// turnTimeout is how long others wait for one of them to end.
	turnTimeout = 5 * time.Second
)

// takeTurn waits until a request of a caller may be worked on. Audits have a queue of
// their own, of all callers, and may stand in it for minutes. Keys that were given any
// number of requests are of those who run the server.
func (a *API) takeTurn(ctx huma.Context, who caller) (leave func(), err error) {
	if ctx.Operation().OperationID == auditFires || who.Rate != nil && *who.Rate == 0 {
		return func() {}, nil
	}
	waiting, cancel := context.WithTimeout(ctx.Context(), turnTimeout)
	defer cancel()
	leave, err = a.turns.Await(waiting, who.ID)
	if err != nil {
		return nil, tooMany("too many requests at once with this key", time.Second)
	}
	return leave, nil
}
