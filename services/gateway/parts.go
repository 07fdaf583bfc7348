package gateway

import (
	"github.com/carillon-cron/carillon/services/gateway/internal/api"
	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/auditor"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/callback"
	"github.com/carillon-cron/carillon/services/gateway/internal/cancellation"
	"github.com/carillon-cron/carillon/services/gateway/internal/checkstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/forecast"
	"github.com/carillon-cron/carillon/services/gateway/internal/inflight"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/once"
	"github.com/carillon-cron/carillon/services/gateway/internal/pausestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/ping"
	"github.com/carillon-cron/carillon/services/gateway/internal/queuestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/redrive"
	"github.com/carillon-cron/carillon/services/gateway/internal/retentionstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/secretstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/trigger"
	"github.com/carillon-cron/carillon/services/gateway/internal/whereabouts"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// connections are what the parts share.
type connections struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	pool *pgxpool.Pool
}

// newParts makes what the API is the face of, but for what Run makes. The parts call
// written after every commit that left something in the outbox.
func newParts(config Config, c connections, written func(), keys *seal.Keys) api.Parts {
	jobs, queues := jobstore.New(c.pool, written), queuestore.New(c.pool, written)
	runs, starter := ledger.New(c.pool), trigger.New(c.js)
	checks := checkstore.New(c.pool)
	return api.Parts{
		Jobs:           jobs,
		Queues:         queues,
		Pauses:         pausestore.New(c.pool, written),
		Secrets:        secretstore.New(c.pool, keys, written),
		Runs:           runs,
		Retention:      retentionstore.New(c.pool),
		Finder:         whereabouts.NewFinder(streams{c.js, c.pool}, runs),
		Audits:         auditor.NewReader(c.pool),
		Trigger:        starter,
		InFlight:       inflight.New(c.js),
		Canceller:      cancellation.New(putControl(c.js)),
		Redriver:       redrive.New(c.pool, jobs, queues, starter),
		Backfills:      backfillstore.New(c.pool, streams{c.js, c.pool}, written),
		Callbacks:      callback.New(c.js),
		TakesCallbacks: config.PublicURL != "",
		Checks:         checks,
		Pings:          ping.New(c.js, checks),
		RunAdaptive:    askForPass(c.nc),
		Forecasts:      forecast.NewReader(c.pool),
		Feed:           feed.New(c.nc, c.js),
		Origins:        config.Origins,
		Keys:           keyring.New(c.pool),
		Logins:         login.New(c.pool),
		AuditLog:       auditlog.New(c.pool),
		Answers:        once.New(c.pool),
		KeyRate:        config.KeyRate,
	}
}
