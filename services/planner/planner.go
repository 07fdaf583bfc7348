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
// It needs NATS and nothing else. Any number of planners may run.
package planner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/carillon-cron/carillon/services/planner/internal/lease"
	"github.com/carillon-cron/carillon/shared/bus"
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
	health.NotReady("jobs", "waiting for NATS")
	err = topology.Await(ctx, js, config.NATS.Replicas, func(err error) { health.NotReady("jobs", err.Error()) })
	if err == nil {
		err = work(ctx, js, health)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// work loads all jobs and then plans whatever the leases say.
func work(ctx context.Context, js jetstream.JetStream, health *service.Health) error {
	bucket, err := js.KeyValue(ctx, topology.LeasesBucket)
	if err != nil {
		return fmt.Errorf("leases: %w", err)
	}
	name := uniqueName()
	group, ctx := errgroup.WithContext(ctx)
	l := newLoop(js, name)
	group.Go(func() error { return l.run(ctx) })
	group.Go(func() error {
		stop, err := bus.Follow(ctx, js, topology.JobsStream, topology.AllJobs, l.define)
		if err != nil {
			return err
		}
		defer stop()
		health.Ready("jobs")
		slog.Info("planner ready", "name", name)
		return lease.NewKeeper(bucket, name, l).Run(ctx)
	})
	return group.Wait()
}

func uniqueName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "planner"
	}
	return host + "-" + nuid.Next()
}
