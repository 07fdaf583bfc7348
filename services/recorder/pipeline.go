package recorder

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/batch"
	"github.com/carillon-cron/carillon/services/recorder/internal/index"
	"github.com/carillon-cron/carillon/services/recorder/internal/intake"
	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/carillon-cron/carillon/services/recorder/internal/retention"
	"github.com/carillon-cron/carillon/services/recorder/internal/signal"
	"github.com/carillon-cron/carillon/services/recorder/internal/watch"
	"github.com/carillon-cron/carillon/services/recorder/internal/writer"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// writers is how many batches are under way at once. Two record a quarter
	// more a second than one, for the same CPU time; a third adds nothing.
	writers = 2
	// grace is how long what is in hand may take to be recorded at the end.
	grace = 2 * time.Second
	// upkeepInterval is how often partitions are made ahead, and old rows removed.
	// There is a week of partitions, so a try that fails does no harm.
	upkeepInterval = time.Hour
)

// pipeline is everything between OUTCOMES and the ledger.
type pipeline struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	pool    *pgxpool.Pool // of the ledger, and others take it too
	ledger  *ledger.Ledger
	watch   *watch.Watch
	signals signal.Handler
	config  Config
	health  *service.Health
}

// run carries events until ctx has ended and what was in hand is recorded or
// given back.
func (p *pipeline) run(ctx context.Context) {
	events := make(chan jetstream.Msg, p.config.BatchSize)
	batches := make(chan []jetstream.Msg)
	outliving, cancel := outlive(ctx, grace)
	defer cancel()
	w := writer.New(p.ledger, p.health, p.watch.Recorded)

	var wait sync.WaitGroup
	wait.Go(func() { p.keepUp(ctx) })
	wait.Go(func() { postgres.TakeTurns(ctx, p.pool, "retention", retention.New(p.pool).Run) })
	wait.Go(func() { index.Run(ctx, p.pool) })
	wait.Go(func() { p.watch.Run(ctx) })
	wait.Go(func() { signal.Run(ctx, p.js, p.signals) })
	wait.Go(func() { postgres.TakeTurns(ctx, p.pool, "watching", p.watch.Preside) })
	wait.Go(func() { intake.Run(ctx, p.intake(), events) })
	wait.Go(func() { batch.Collect(events, batches, p.config.BatchSize, p.config.BatchWait) })
	for range writers {
		wait.Go(func() { w.Run(outliving, batches) })
	}
	wait.Wait()
	p.flush()
}

func (p *pipeline) intake() intake.Config {
	return intake.Config{
		Connection: p.nc, JetStream: p.js, Replicas: p.config.NATS.Replicas,
		Prefetch: 2 * p.config.BatchSize, Health: p.health,
	}
}

// keepUp makes partitions for the days to come, and removes what is of no use.
func (p *pipeline) keepUp(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.ledger.PrepareAhead(ctx, time.Now()); err != nil && ctx.Err() == nil {
			slog.Warn("partitions not made ahead", "error", err)
		}
		if err := p.ledger.Tidy(ctx, time.Now()); err != nil && ctx.Err() == nil {
			slog.Warn("old rows not removed", "error", err)
		}
		lull.For(ctx, upkeepInterval)
	}
}

// flush lets the last acknowledgements reach the server.
func (p *pipeline) flush() {
	if !p.nc.IsConnected() {
		return
	}
	if err := p.nc.FlushTimeout(grace); err != nil {
		slog.Warn("last acknowledgements not sent, their events will come again", "error", err)
	}
}

// outlive returns a context that ends a while after ctx.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return later, cancel
}
