package up

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/demo"
	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/service"
	"golang.org/x/sync/errgroup"
)

// runServices runs the four services, and beside them the greeting and the
// demo, until ctx ends or one of them fails.
func runServices(ctx context.Context, config Config, f *folder, listener net.Listener, b *backends) error {
	target, err := startDemoTarget(&config, f)
	if err != nil {
		return err
	}
	defer target.Stop()
	s, err := loadSettings(config, f, listener, b)
	if err != nil {
		return err
	}
	g := newGreeting(config, f, listener)
	problems := s.problems
	closeAdmin, err := service.ServeAdmin(config.AdminListen, problems)
	if err != nil {
		return err
	}
	defer closeAdmin()
	group, ctx := errgroup.WithContext(ctx)
	s.start(ctx, group)
	group.Go(func() error { return watch(ctx, b) })
	group.Go(func() error {
		if err := awaitReady(ctx, config, problems); err != nil {
			return err
		}
		return g.attend(ctx, target)
	})
	return withoutCancel(group.Wait())
}

// startDemoTarget starts the demo's endpoint and allows it as a target, if there
// is to be a demo or was one: its jobs go on firing until they are deleted.
// Otherwise it returns nil.
func startDemoTarget(config *Config, f *folder) (*demo.Target, error) {
	path := f.path("demo-target")
	if _, err := os.Stat(path); err != nil && !config.Demo {
		return nil, nil
	}
	target, err := demo.StartTarget(path)
	if err == nil {
		config.AllowTargets = append(config.AllowTargets, target.Address())
	}
	return target, err
}

// start starts the four services in a group.
func (s *settings) start(ctx context.Context, group *errgroup.Group) {
	group.Go(func() error { return planner.Run(ctx, s.planner, s.healths[0]) })
	group.Go(func() error { return runner.Run(ctx, s.runner, s.healths[1]) })
	group.Go(func() error { return recorder.Run(ctx, s.recorder, s.healths[2]) })
	group.Go(func() error { return gateway.Run(ctx, s.gateway, s.healths[3]) })
}

// problems says why the services are not all ready.
func (s *settings) problems() []string {
	var all []string
	for _, h := range s.healths {
		all = append(all, h.Problems()...)
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

func withoutCancel(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// watch ends everything when the private Postgres ends by itself.
func watch(ctx context.Context, b *backends) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.failed():
		return fmt.Errorf("the private Postgres ended: %w", b.postgres.Err())
	}
}

// awaitReady waits until every service is ready, and says what keeps it.
func awaitReady(ctx context.Context, config Config, problems func() []string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(10 * time.Second)
	for len(problems()) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-patience:
			fmt.Fprintf(config.Out, "still waiting: %s\n", strings.Join(problems(), "; "))
		case <-tick.C:
		}
	}
	return nil
}
