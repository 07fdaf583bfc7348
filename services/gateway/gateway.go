// Package gateway is the way in: the API over jobs, runs and queues, and the
// live feed. It owns the tables of definitions, and access to them.
//
//	        ┌── api ──▶ jobstore, queuestore, pausestore, secretstore, backfillstore ──▶ Postgres ──▶ outbox ──▶ JOBS
//	HTTP ──▶│     ├──▶ ledger, retentionstore ──▶ Postgres
//	        │     ├──▶ redrive, trigger ──▶ RUNS
//	        │     ├──▶ checkstore, routestore, noticestore ──▶ Postgres ──▶ notify ──▶ channels, runs
//	        │     ├──▶ ping ──▶ SIGNALS
//	        │     ├──▶ cancellation ──▶ controls
//	        │     └──▶ callback ──▶ callbacks, RUNS
//	        └── feed ◀── OUTCOMES, republished
//	auditor ──▶ ledger, whereabouts ──▶ backfillstore, ALERTS
//	recorder, with adapted schedules ──▶ jobstore
//
// Any number of gateways may run. Each serves from its start, with whatever is
// there: what needs Postgres or NATS answers 503 until they are, and everything
// else goes on. A write needs Postgres alone: NATS learns of it by the outbox.
package gateway

import (
	"context"
	"fmt"
	"net"

	"github.com/carillon-cron/carillon/services/gateway/internal/api"
	"github.com/carillon-cron/carillon/services/gateway/internal/auditor"
	"github.com/carillon-cron/carillon/services/gateway/internal/cancellation"
	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// relayConnections is enough for one transaction at a time.
const relayConnections = 1

// Run serves until ctx ends, then gives back everything. It fails if its address
// is taken, if a master key is malformed, or if Postgres refuses it for good.
func Run(ctx context.Context, config Config, health *service.Health) error {
	if health == nil {
		health = service.NewHealth() // for /readyz
	}
	if err := config.validate(); err != nil {
		return err
	}
	listener, err := listen(config)
	if err != nil {
		return err
	}
	defer listener.Close()
	keys, err := seal.Load(config.MasterKeys)
	if err != nil {
		return err
	}
	if config.OpenID.URL == "" {
		config.OpenID.URL = config.PublicURL
	}
	provider, err := openid.New(config.OpenID)
	if err != nil {
		return err
	}
	nc, js, err := bus.Connect(config.NATS, "gateway")
	if err != nil {
		return err
	}
	defer nc.Close()
	config.Postgres.ApplicationName = "carillon-gateway"
	pool, err := postgres.Open(ctx, config.Postgres)
	if err != nil {
		return err
	}
	defer pool.Close()

	// What has been committed is published however busy the API is.
	config.Postgres.MaxConns = relayConnections
	relayPool, err := postgres.Open(ctx, config.Postgres)
	if err != nil {
		return err
	}
	defer relayPool.Close()

	relay := outbox.NewRelay(relayPool, js)
	parts := newParts(config, connections{nc, js, pool}, relay.Kick, keys)
	parts.OpenID, parts.Health = provider, health
	telling := newTelling(config, pool, &parts, keys)
	group, ctx := errgroup.WithContext(ctx)
	start := &start{config: config, pool: pool, js: js, relay: relay, telling: telling, parts: parts}
	start.notReady()
	group.Go(func() error { return start.run(ctx) })
	group.Go(func() error { return parts.Feed.Run(ctx, func() { health.Ready(partFeed) }) })
	own := scope.With(ctx, scope.All()) // what the gateway does of itself is for all namespaces
	group.Go(func() error { return takeAdaptations(own, nc, parts.Jobs) })
	group.Go(func() error { return parts.Keys.Run(ctx) })
	group.Go(func() error { return parts.Logins.Run(ctx) })
	group.Go(func() error { return api.New(parts).Serve(ctx, listener) })
	if config.AuditEvery > 0 {
		around := surroundings{js, parts.Jobs, parts.Backfills}
		group.Go(func() error { return auditor.New(pool, parts.Runs, parts.Finder, around, config.AuditEvery).Run(own) })
	}
	return group.Wait()
}

// putControl writes to the controls bucket, which may come to be only later.
func putControl(js jetstream.JetStream) cancellation.Put {
	return func(ctx context.Context, key string, value []byte) error {
		bucket, err := js.KeyValue(ctx, topology.ControlsBucket)
		if err == nil {
			_, err = bucket.Put(ctx, key, value)
		}
		return err
	}
}

func listen(config Config) (net.Listener, error) {
	if config.Listener != nil {
		return config.Listener, nil
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return nil, fmt.Errorf("API address %s (CARILLON_LISTEN): %w", config.Listen, err)
	}
	return listener, nil
}
