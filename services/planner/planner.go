// Package planner decides when: it turns the schedules of all jobs into runs.
//
// A planner is one loop over an agenda. When fires are due it collects a batch
// of them (package plan), commits it to JetStream in one piece (package commit)
// and sleeps until the next fire. Which partitions it plans is a matter of leases
// (package lease); that nothing is planned twice is not: see package commit.
//
//	JOBS ──follow──▶ agenda ──due──▶ plan ──batch──▶ commit ──▶ RUNS
//	                   ▲                                │
//	 leases ──gain─────┘◀──────────── marks ◀───────────┘
//
// While nothing is due it hands out the fires of the past that backfills ask for
// (package backfill).
//
// All of that rests on clocks that agree: while this machine's is not that of
// the server (package clock), nothing is planned here and others have the leases.
//
// It needs NATS and nothing else. Any number of planners may run.
package planner

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/clock"
	"github.com/carillon-cron/carillon/services/planner/internal/lease"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"golang.org/x/sync/errgroup"
)

// Config is what a planner needs to know.
type Config struct {
	NATS bus.Config
}

// Run plans until ctx ends, and then gives its partitions to other planners. It
// outlives outages of NATS, at any time; it fails only on a faulty Config.
func Run(ctx context.Context, config Config, health *service.Health) error {
	nc, js, err := bus.Connect(config.NATS, "planner")
	if err != nil {
		return err
	}
	defer nc.Close()
	return newPlanner(js, config, health, clock.System()).run(ctx)
}

// planner is the loop with what feeds it: the jobs and the leases.
type planner struct {
	config Config
	js     jetstream.JetStream
	name   string
	health *service.Health
	keeper *timekeeper
	loop   *loop
}

// newPlanner returns a planner that reads its clocks by read.
func newPlanner(js jetstream.JetStream, config Config, health *service.Health, read func() clock.Reading) *planner {
	p := &planner{config: config, js: js, name: uniqueName(), health: health}
	p.keeper = newTimekeeper(js, read, p.reporter("clock"))
	p.loop = newLoop(js, p.name, p.keeper, p.reporter("commits"))
	return p
}

// run plans until ctx ends.
func (p *planner) run(ctx context.Context) error {
	p.health.NotReady("jobs", "waiting for NATS")
	err := p.await(ctx)
	if err == nil {
		err = p.plan(ctx)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// plan loads all jobs and then plans whatever the leases say.
func (p *planner) plan(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.loop.run(ctx) })
	group.Go(func() error { return p.keeper.run(ctx) })
	group.Go(func() error {
		stop, err := p.follow(ctx)
		if err != nil {
			return err
		}
		defer stop()
		p.health.Ready("jobs")
		slog.Info("planner ready", "name", p.name)
		return p.keepLeases(ctx)
	})
	return group.Wait()
}

// follow feeds the loop with all that JOBS holds; it returns once the past is in.
func (p *planner) follow(ctx context.Context) (stop func(), err error) {
	jobs, err := p.js.Stream(ctx, topology.JobsStream)
	if err != nil {
		return nil, err
	}
	stop, err = bus.Follow(ctx, p.js, topology.JobsStream, ">", p.loop.define)
	if err == nil {
		p.loop.know(jobs.CachedInfo().State.LastSeq)
	}
	return stop, err
}

// await waits until the streams are there.
func (p *planner) await(ctx context.Context) error {
	report := p.reporter("streams")
	err := topology.Await(ctx, p.js, p.config.NATS.Replicas, report)
	if err == nil {
		report(nil)
	}
	return err
}

// startOver is the pause before leases are kept anew.
const startOver = 250 * time.Millisecond

// keepLeases keeps leases until ctx ends, while the clock is trusted. When the
// bucket is lost it makes it anew and starts over; nothing is planned here in
// between.
func (p *planner) keepLeases(ctx context.Context) error {
	report := p.reporter("leases")
	for {
		err := p.keepTrusted(ctx, report)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		slog.Warn("leases lost, starting over", "error", err)
		report(err)
		lull.For(ctx, startOver)
		if err := p.await(ctx); err != nil {
			return err
		}
	}
}

// keepTrusted keeps leases until the clock is not trusted any more.
func (p *planner) keepTrusted(ctx context.Context, report func(error)) error {
	ctx, stop := p.keeper.whileTrusted(ctx)
	defer stop()
	bucket, err := p.js.KeyValue(ctx, topology.LeasesBucket)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	return lease.NewKeeper(bucket, p.name, p.loop, report).Run(ctx)
}

// reporter returns what says how a part of the planner goes: nil for well.
func (p *planner) reporter(part string) func(error) {
	return func(err error) {
		if err != nil {
			p.health.NotReady(part, err.Error())
		} else {
			p.health.Ready(part)
		}
	}
}

func uniqueName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "planner"
	}
	return host + "-" + nuid.Next()
}
