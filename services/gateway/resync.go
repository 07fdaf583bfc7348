package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/resync"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Republished says how many definitions of each kind JOBS had lost, or had otherwise
// than Postgres.
type Republished = resync.Counts

// ResyncConfig says what is brought together.
type ResyncConfig struct {
	NATS     bus.Config
	Postgres postgres.Config
}

// Resync brings the stream JOBS up to what Postgres says, as each gateway does when it
// starts, and makes the streams if there is no JOBS. It may run beside gateways, and
// leaves the publishing to one: until one runs, what it has found waits in the outbox.
// It fails if either side cannot be reached.
func Resync(ctx context.Context, config ResyncConfig) (mended Republished, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	config.NATS.Options = append(slices.Clip(config.NATS.Options), nats.RetryOnFailedConnect(false), nats.MaxReconnects(0), nats.Timeout(connectTimeout))
	nc, js, err := bus.Connect(config.NATS, "resync")
	if err != nil {
		return mended, err
	}
	defer nc.Close()
	config.Postgres.ApplicationName = "carillon-resync"
	pool, err := postgres.Open(ctx, config.Postgres)
	if err != nil {
		return mended, err
	}
	defer pool.Close()
	if err := pool.Ping(ctx); err != nil {
		return mended, fmt.Errorf("the database: %w", err)
	}
	if _, err = js.Stream(ctx, topology.JobsStream); errors.Is(err, jetstream.ErrStreamNotFound) {
		err = topology.Ensure(ctx, js, config.NATS.Replicas)
	}
	if err != nil {
		return mended, err
	}
	parts := newParts(Config{}, connections{nc, js, pool}, func() {}, new(seal.Keys)) // secrets stay sealed
	return resync.Run(ctx, js, storesOf(parts))
}

// connectTimeout bounds the making of a connection that somebody waits for.
const connectTimeout = 5 * time.Second
