package up

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/client"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/demo"
	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/service"
	"golang.org/x/sync/errgroup"
)

// grace is how long calls in flight may go on after a signal. What is cut off
// is handed back and called again at the next start, with the same key.
const grace = 2 * time.Second

// settings are the services' own, from the environment like in production, with
// the connections of this process.
type settings struct {
	planner  planner.Config
	runner   runner.Config
	recorder recorder.Config
	gateway  gateway.Config
}

func loadSettings(config Config, f *folder, listener net.Listener, b *backends) (*settings, error) {
	var s settings
	err := errors.Join(service.Load(&s.planner), service.Load(&s.runner), service.Load(&s.recorder), service.Load(&s.gateway))
	if err != nil {
		return nil, err
	}
	if b.natsURL != "" {
		s.planner.NATS.URL = b.natsURL
	}
	s.planner.NATS.Options = b.natsOptions
	s.runner.NATS, s.recorder.NATS, s.gateway.NATS = s.planner.NATS, s.planner.NATS, s.planner.NATS
	s.recorder.Postgres.URL, s.gateway.Postgres.URL = b.databaseURL, b.databaseURL
	s.runner.Grace = grace
	s.gateway.Listener, s.gateway.AdminKeyFile = listener, f.path("admin.key")
	if err := appendParsed(&s.runner.AllowTargets, config.AllowTargets); err != nil {
		return nil, fmt.Errorf("--allow-targets: %w", err)
	}
	return &s, nil
}

// appendParsed parses texts and appends them to a list.
func appendParsed[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](list *[]T, texts []string) error {
	for _, text := range texts {
		var value T
		if err := P(&value).UnmarshalText([]byte(text)); err != nil {
			return err
		}
		*list = append(*list, value)
	}
	return nil
}

// runServices runs the four services, and beside them the greeting and the
// demo, until ctx ends or one of them fails.
func runServices(ctx context.Context, config Config, f *folder, listener net.Listener, b *backends) error {
	_, err := os.Stat(f.path("admin.key"))
	firstStart := errors.Is(err, os.ErrNotExist)
	var target *demo.Target
	if config.Demo {
		if target, err = demo.StartTarget(f.path("demo-target")); err != nil {
			return err
		}
		defer target.Stop()
		config.AllowTargets = append(config.AllowTargets, target.Address())
	}
	s, err := loadSettings(config, f, listener, b)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	var healths [4]*service.Health
	for i := range healths {
		healths[i] = service.NewHealth()
	}
	group.Go(func() error { return planner.Run(ctx, s.planner, healths[0]) })
	group.Go(func() error { return runner.Run(ctx, s.runner, healths[1]) })
	group.Go(func() error { return recorder.Run(ctx, s.recorder, healths[2]) })
	group.Go(func() error { return gateway.Run(ctx, s.gateway, healths[3]) })
	problems := func() []string { return allProblems(healths[:]) }
	closeAdmin, err := service.ServeAdmin(config.AdminListen, problems)
	if err != nil {
		return err
	}
	defer closeAdmin()
	group.Go(func() error { return watchBackends(ctx, b) })
	group.Go(func() error {
		if err := awaitReady(ctx, config, problems); err != nil {
			return err
		}
		return attend(ctx, config, f, listener, firstStart, target)
	})
	return endOf(group.Wait())
}

// endOf is the result of the services: nil if they ended because they were told to.
func endOf(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func watchBackends(ctx context.Context, b *backends) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.failed():
		return fmt.Errorf("the private Postgres ended: %w", b.postgres.Err())
	}
}

func allProblems(healths []*service.Health) []string {
	var all []string
	for _, h := range healths {
		all = append(all, h.Problems()...)
	}
	return slices.Compact(all)
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

// attend greets, and runs the demo if there is one.
func attend(ctx context.Context, config Config, f *folder, listener net.Listener, firstStart bool, target *demo.Target) error {
	key, err := os.ReadFile(f.path("admin.key"))
	if err != nil {
		return fmt.Errorf("admin key: %w", err)
	}
	api := "http://" + listener.Addr().String()
	greet(config, f, api, strings.TrimSpace(string(key)), firstStart)
	if target == nil {
		return nil
	}
	return demo.Run(ctx, client.New(api, strings.TrimSpace(string(key))), target, config.Out)
}

func greet(config Config, f *folder, api, key string, firstStart bool) {
	fmt.Fprintf(config.Out, "\nCarillon is up.\n\n  API    %s/api/v1\n  Docs   %s/docs\n  Data   %s\n", api, api, f.dir)
	if firstStart {
		fmt.Fprintf(config.Out, "  Key    %s\n         (shown this once; kept in %s)\n", key, f.path("admin.key"))
	}
	fmt.Fprintf(config.Out, "\n  curl -H \"Authorization: Bearer $(cat %s)\" %s/api/v1/jobs\n\n  Ctrl-C stops it; a second start goes on with the same data.\n\n", f.path("admin.key"), api)
}
