package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/api"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/services/gateway/internal/resync"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

const (
	// retryEvery lies between two tries at the start, and between two looks after.
	retryEvery = time.Second
	// stepTimeout bounds one try. A resync of a million jobs fits.
	stepTimeout = 2 * time.Minute
	lookTimeout = 3 * time.Second
)

// The parts of the gateway's health.
const (
	partPostgres = "postgres"
	partNATS     = "nats"
	partJobs     = "definitions"
	partFeed     = "feed"
)

// start brings the gateway's surroundings into order, once they are there, and
// then watches them.
type start struct {
	config  Config
	pool    *pgxpool.Pool
	js      jetstream.JetStream
	relay   *outbox.Relay
	telling *telling
	parts   api.Parts
}

// notReady says that nothing has been looked at yet.
func (s *start) notReady() {
	for _, part := range []string{partPostgres, partNATS, partJobs, partFeed} {
		s.parts.Health.NotReady(part, "starting")
	}
}

// run ends with ctx, or with an error that no waiting mends. The parts do not
// wait for each other: a resync that comes too early fails, and is tried again.
func (s *start) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := s.until(ctx, partPostgres, s.prepareDatabase, postgres.IsUnavailable); err != nil {
			return err
		}
		group.Go(func() error { return s.relay.Run(ctx) })
		group.Go(func() error { s.telling.run(scope.With(ctx, scope.All())); return nil })
		s.watch(ctx, partPostgres, s.pool.Ping)
		return nil
	})
	group.Go(func() error {
		if err := s.until(ctx, partNATS, s.prepareStreams, always); err != nil {
			return err
		}
		s.watch(ctx, partNATS, s.ping)
		return nil
	})
	group.Go(func() error { return s.until(ctx, partJobs, s.resync, always) })
	return group.Wait()
}

// watch keeps the health of a part true.
func (s *start) watch(ctx context.Context, part string, look func(context.Context) error) {
	for ctx.Err() == nil {
		looked, cancel := context.WithTimeout(ctx, lookTimeout)
		s.report(part, look(looked))
		cancel()
		lull.For(ctx, retryEvery)
	}
}

func always(error) bool { return true }

// until does a step again and again until it succeeds, or until it fails for
// good. It returns nil when ctx has ended.
func (s *start) until(ctx context.Context, part string, step func(context.Context) error, temporary func(error) bool) error {
	for {
		tried, cancel := context.WithTimeout(ctx, stepTimeout)
		err := step(tried)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			s.parts.Health.Ready(part)
			return nil
		case !temporary(err):
			return err
		}
		s.parts.Health.NotReady(part, err.Error())
		lull.For(ctx, retryEvery)
	}
}

func (s *start) prepareDatabase(ctx context.Context) error {
	if err := postgres.Migrate(ctx, s.config.Postgres.URL); err != nil {
		return err
	}
	if s.config.AdminKey != "" {
		if err := s.parts.Keys.InstallSecret(ctx, s.config.AdminKey); err != nil {
			return err
		}
	}
	if s.config.AdminKeyFile != "" {
		return s.parts.Keys.InstallFile(ctx, s.config.AdminKeyFile)
	}
	return nil
}

var errNotConnected = errors.New("not connected")

func (s *start) prepareStreams(ctx context.Context) error {
	if !s.js.Conn().IsConnected() {
		return errNotConnected
	}
	return topology.Ensure(ctx, s.js, s.config.NATS.Replicas)
}

func (s *start) resync(ctx context.Context) error {
	if !s.js.Conn().IsConnected() {
		return errNotConnected
	}
	_, err := resync.Run(ctx, s.js, storesOf(s.parts))
	return err
}

func storesOf(parts api.Parts) resync.Stores {
	return resync.Stores{Jobs: parts.Jobs, Queues: parts.Queues, Pauses: parts.Pauses, Secrets: parts.Secrets}
}

func (s *start) ping(ctx context.Context) error {
	if !s.js.Conn().IsConnected() {
		return errNotConnected
	}
	_, err := s.js.AccountInfo(ctx)
	return err
}

func (s *start) report(part string, err error) {
	if err != nil {
		s.parts.Health.NotReady(part, err.Error())
		return
	}
	s.parts.Health.Ready(part)
}
