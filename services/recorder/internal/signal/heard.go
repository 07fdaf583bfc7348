package signal

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// Heard returns the instant until when all pings that came in are acted on: what
// is acknowledged leaves the stream, so that is when the first one left came in, and
// where none is, when the server looked. It is by the server's clock, as pings are.
func Heard(ctx context.Context, js jetstream.JetStream) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	stream, err := js.Stream(ctx, topology.SignalsStream)
	if err != nil {
		return time.Time{}, fmt.Errorf("signals: %w", err)
	}
	info := stream.CachedInfo()
	if info.State.Msgs > 0 {
		return info.State.FirstTime.UTC(), nil
	}
	return info.TimeStamp.UTC(), nil
}
