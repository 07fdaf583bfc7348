package signal

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// Heard returns the instant until when all pings that came in are acted on: what
// is acknowledged leaves the stream, so that is when the first one left came in.
func Heard(ctx context.Context, js jetstream.JetStream) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	asked := time.Now().UTC()
	stream, err := js.Stream(ctx, topology.SignalsStream)
	if err != nil {
		return time.Time{}, fmt.Errorf("signals: %w", err)
	}
	if state := stream.CachedInfo().State; state.Msgs > 0 && state.FirstTime.Before(asked) {
		return state.FirstTime.UTC(), nil
	}
	return asked, nil
}
