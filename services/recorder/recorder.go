// Package recorder is the service that remembers: it carries outcomes from
// OUTCOMES into Postgres, and acknowledges them once they are committed.
//
//	OUTCOMES ──▶ intake ──▶ batch ──▶ writer ──▶ ledger ──▶ Postgres
//	    ▲                               │
//	    └────────── ack ────────────────┼──▶ watch ──▶ alertstore, pingstore
//	SIGNALS, ALERTS ──▶ signal ─────────┘
//
// Every ten minutes it also makes a pass of adaptive rescheduling (package
// reschedule), unless another recorder does.
//
// Any number of recorders share the work. Two batches are under way at once, so
// that one is decoded and acknowledged while Postgres commits the other.
//
// With Postgres away, a recorder holds at most what it has taken, and OUTCOMES
// keeps the rest on disk. With NATS away, what it has taken is recorded, comes
// again for want of an acknowledgement, and changes nothing. Neither is needed
// to start.
//
// Beside that, one recorder at a time removes old runs (package retention) and
// builds the indexes that a migration has announced (package index).
package recorder

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/services/recorder/internal/alertstore"
	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/carillon-cron/carillon/services/recorder/internal/pingstore"
	"github.com/carillon-cron/carillon/services/recorder/internal/signal"
	"github.com/carillon-cron/carillon/services/recorder/internal/watch"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/google/uuid"
)

// connections is the size of the pool: one for each of the two batches under way, one
// to make partitions, one for a pass of adaptive rescheduling, two to hold the turns
// of watching and of retention, five to watch, one for signals, one to spare.
const connections = 13

const (
	// migratePause lies between two tries to reach Postgres at the start.
	migratePause = 500 * time.Millisecond
	// migrateTimeout bounds one try, with room for a migration of large tables.
	migrateTimeout = 10 * time.Minute
)

// Config is what a recorder can be told.
type Config struct {
	NATS     bus.Config
	Postgres postgres.Config
	// BatchSize is the most events in one transaction; default 1000.
	BatchSize int `env:"CARILLON_BATCH_SIZE" envDefault:"1000"`
	// BatchWait is how long the first event of a batch waits for more; default 50ms.
	BatchWait time.Duration `env:"CARILLON_BATCH_WAIT" envDefault:"50ms"`
	// AdaptiveInterval lies between two passes of adaptive rescheduling; default 10m.
	// With 0 there are only those that somebody asks for.
	AdaptiveInterval time.Duration `env:"CARILLON_ADAPTIVE_INTERVAL" envDefault:"10m"`
}

func (c Config) validate() error {
	var problems []error
	if c.BatchSize < 1 || c.BatchSize > 10_000 {
		problems = append(problems, errors.New("CARILLON_BATCH_SIZE must be from 1 to 10000"))
	}
	if c.BatchWait < 0 || c.BatchWait > time.Second {
		problems = append(problems, errors.New("CARILLON_BATCH_WAIT must be from 0s to 1s"))
	}
	if c.AdaptiveInterval != 0 && c.AdaptiveInterval < time.Second || c.AdaptiveInterval > 24*time.Hour {
		problems = append(problems, errors.New("CARILLON_ADAPTIVE_INTERVAL must be from 1s to 24h, or 0"))
	}
	return errors.Join(problems...)
}

// Run records until ctx ends, and returns nil then. It fails only on a Config
// that can never work. It reports on the parts "nats", "outcomes" and "postgres"
// of health.
func Run(ctx context.Context, config Config, health *service.Health) error {
	if err := config.validate(); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, config.pool())
	if err != nil {
		return err
	}
	defer pool.Close()
	nc, js, err := bus.Connect(config.NATS, "recorder")
	if err != nil {
		return err
	}
	defer nc.Close()
	for _, part := range []string{"nats", "outcomes", "postgres"} {
		health.NotReady(part, "starting")
	}
	migrate(ctx, config.Postgres.URL, health)
	health.Ready("postgres")
	alerts := alertstore.New(pool)
	checks := pingstore.New(pool, alerts)
	p := pipeline{
		nc: nc, js: js, pool: pool, ledger: ledger.New(pool), config: config, health: health,
		watch:   watch.New(alerts, checks, func(ctx context.Context) (time.Time, error) { return signal.Heard(ctx, js) }),
		signals: signals{checks, alerts},
	}
	var rescheduling sync.WaitGroup
	rescheduling.Go(func() { newRescheduler(pool, nc, config.AdaptiveInterval).run(ctx) })
	p.run(ctx)
	rescheduling.Wait()
	return nil
}

// signals act on what comes from SIGNALS and ALERTS.
type signals struct {
	*pingstore.Store
	alerts *alertstore.Store
}

// Raise writes what somebody else has found of a job.
func (s signals) Raise(ctx context.Context, job uuid.UUID, found alert.Finding) error {
	return s.alerts.Raise(ctx, job, found)
}

// pool returns the settings of the recorder's pool.
func (c Config) pool() postgres.Config {
	c.Postgres.MaxConns = cmp.Or(c.Postgres.MaxConns, connections)
	c.Postgres.ApplicationName = cmp.Or(c.Postgres.ApplicationName, "carillon-recorder")
	return c.Postgres
}

// migrate brings the tables up to date, as soon as Postgres is there.
func migrate(ctx context.Context, url string, health *service.Health) {
	for ctx.Err() == nil {
		err := tryMigrate(ctx, url)
		if err == nil || ctx.Err() != nil {
			return
		}
		health.NotReady("postgres", err.Error())
		slog.Warn("postgres not migrated, will try again", "error", err)
		lull.For(ctx, migratePause)
	}
}

func tryMigrate(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, migrateTimeout)
	defer cancel()
	return postgres.Migrate(ctx, url)
}
