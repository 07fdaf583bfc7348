// Package gateway is the way in: the API over jobs, runs and queues, and the
// live feed. It owns the tables of definitions, and access to them.
//
//	        ┌── api ──▶ jobstore, queuestore, pausestore, secretstore, backfillstore ──▶ Postgres ──▶ outbox ──▶ JOBS
//	HTTP ──▶│     ├──▶ ledger ──▶ Postgres
//	        │     ├──▶ redrive, trigger ──▶ RUNS
//	        │     ├──▶ cancellation ──▶ controls
//	        │     └──▶ callback ──▶ callbacks, RUNS
//	        └── feed ◀── OUTCOMES, republished
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
	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/callback"
	"github.com/carillon-cron/carillon/services/gateway/internal/cancellation"
	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/forecast"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/services/gateway/internal/pausestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/queuestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/redrive"
	"github.com/carillon-cron/carillon/services/gateway/internal/secretstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/trigger"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// Config is the gateway's settings.
type Config struct {
	// Listen is the address of the API, host:port; 127.0.0.1:8470 by default.
	Listen string `env:"CARILLON_LISTEN" envDefault:"127.0.0.1:8470"`
	// AdminKey is an admin's API key; none by default. A new one replaces the last.
	AdminKey string `env:"CARILLON_ADMIN_KEY"`
	// AdminKeyFile keeps an admin's API key; none by default. While there is no
	// key at all, the gateway makes one and writes the file.
	AdminKeyFile string `env:"CARILLON_ADMIN_KEY_FILE"`
	// PublicURL is the address of the API as targets see it; the runners need the
	// same. Without it, jobs that want a callback are refused.
	PublicURL string `env:"CARILLON_PUBLIC_URL"`
	// KeyRate is the most requests a second, at this gateway, for a key that has no
	// rate of its own; 0 is any number.
	KeyRate int `env:"CARILLON_KEY_RATE" envDefault:"500"`
	// OpenID lets people log in with a provider of their own; nobody by default.
	OpenID openid.Config
	// Postgres is the database; at most 10 connections by default.
	Postgres postgres.Config
	NATS     bus.Config
	// MasterKeys seal the secrets; without any, none can be stored.
	MasterKeys seal.Config
	// Listener serves the API in the place of Listen; Run closes it.
	Listener net.Listener `env:"-"`
}

// Run serves until ctx ends, then gives back everything. It fails if its address
// is taken, if a master key is malformed, or if Postgres refuses it for good.
func Run(ctx context.Context, config Config, health *service.Health) error {
	if health == nil {
		health = service.NewHealth() // for /readyz
	}
	if err := carillon.CheckPublicURL(config.PublicURL); err != nil {
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

	relay := outbox.NewRelay(pool, js)
	jobs, starter := jobstore.New(pool, relay.Kick), trigger.New(js)
	parts := api.Parts{
		Jobs: jobs, Queues: queuestore.New(pool, relay.Kick), Pauses: pausestore.New(pool, relay.Kick),
		Runs: ledger.New(pool), Trigger: starter, Canceller: cancellation.New(putControl(js)),
		Secrets:   secretstore.New(pool, keys, relay.Kick),
		Backfills: backfillstore.New(pool, streams{js}, relay.Kick), Redriver: redrive.New(pool, jobs, starter),
		Callbacks: callback.New(js), TakesCallbacks: config.PublicURL != "",
		Keys: keyring.New(pool), Logins: login.New(pool), OpenID: provider, AuditLog: auditlog.New(pool), KeyRate: config.KeyRate,
		Feed: feed.New(nc, js), Forecasts: forecast.NewReader(pool), Health: health,
	}
	group, ctx := errgroup.WithContext(ctx)
	start := &start{config: config, pool: pool, js: js, relay: relay, parts: parts}
	start.notReady()
	group.Go(func() error { return start.run(ctx) })
	group.Go(func() error { return parts.Feed.Run(ctx, func() { health.Ready(partFeed) }) })
	group.Go(func() error { return parts.Keys.Run(ctx) })
	group.Go(func() error { return api.New(parts).Serve(ctx, listener) })
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
