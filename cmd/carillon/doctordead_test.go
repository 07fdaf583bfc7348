package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/doctor"
	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/service"
)

// begin runs a service with the default settings, as changed, and returns how to end it.
func begin[C any](t *testing.T, run func(context.Context, C, *service.Health) error, change func(*C)) (end func()) {
	t.Helper()
	var config C
	if err := service.Load(&config); err != nil {
		t.Fatal(err)
	}
	change(&config)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, config, service.NewHealth()) }()
	stopped := false
	end = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	return end
}

// TestDoctorNamesWhoIsDead and nobody else, one after the other.
func TestDoctorNamesWhoIsDead(t *testing.T) {
	t.Parallel()
	nats, url := natstest.Start(t).Config(), pgtest.Database(t)
	alive := map[string]func(){
		"planners":  begin(t, planner.Run, func(c *planner.Config) { c.NATS = nats }),
		"runners":   begin(t, runner.Run, func(c *runner.Config) { c.NATS = nats }),
		"recorders": begin(t, recorder.Run, func(c *recorder.Config) { c.NATS, c.Postgres.URL = nats, url }),
		"gateways":  begin(t, gateway.Run, func(c *gateway.Config) { c.NATS, c.Postgres.URL, c.Listen = nats, url, "127.0.0.1:0" }),
	}
	failing(t, nats, url)
	var dead []string
	for _, one := range []struct{ name, parts string }{
		{"runners", "runners"}, {"planners", "planners"}, {"recorders", "recorders,recorders' connections,signals,alerts"}, {"gateways", "gateways"},
	} {
		alive[one.name]()
		dead = append(dead, strings.Split(one.parts, ",")...)
		failing(t, nats, url, dead...)
	}
}

// failing waits until exactly these parts fail.
func failing(t *testing.T, nats bus.Config, url string, want ...string) {
	t.Helper()
	want = slices.Sorted(slices.Values(want))
	eventually.Succeeds(t, func() error {
		var got []string
		all := append(doctor.NATS(t.Context(), nats), doctor.Postgres(t.Context(), url)...)
		for _, f := range all {
			if f.State == doctor.Fail {
				got = append(got, f.Part)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("%q fail, want %q: %+v", got, want, all)
		}
		return nil
	})
}
