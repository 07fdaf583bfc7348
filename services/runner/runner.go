// Package runner makes the calls.
//
// It takes due runs from the queues' consumers, calls their targets, and
// publishes what came of it. It owns nothing durable and asks no database: a
// ready message holds all that a call needs, and every wait worth the name is
// parked in the stream. So any number of runners work side by side, and one that
// dies costs an ack wait.
//
//	JOBS ── queues ──▶ lane ─▶ intake ─▶ execution ─▶ call ─▶ target
//	RUNS ── runs ────────────────┘           │
//	     ◀─ retries ────────── outbox ◀──────┤
//	OUTCOMES ◀─ outcomes ───── outbox ◀──────┘
//	RUNS ── waits that are over ──▶ execution
//	RUNS ── skips ──▶ skip ──▶ outbox ──▶ OUTCOMES
//	controls ── orders ──▶ cancellation ──▶ execution ◀─▶ gate ◀── cooldown ◀── controls
//	JOBS ── secrets ──▶ vault ──▶ call
//
// It survives NATS: away at the start, it waits; away later, calls in flight
// finish and their outcomes are published when it is back.
//
// At the end of its context it stops taking runs and lets those in hand finish
// for a grace; what is left then is cut off and handed back, so that another
// runner has it at once.
package runner

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/services/runner/internal/call"
	"github.com/carillon-cron/carillon/services/runner/internal/cancellation"
	"github.com/carillon-cron/carillon/services/runner/internal/cooldown"
	"github.com/carillon-cron/carillon/services/runner/internal/dial"
	"github.com/carillon-cron/carillon/services/runner/internal/execution"
	"github.com/carillon-cron/carillon/services/runner/internal/gate"
	"github.com/carillon-cron/carillon/services/runner/internal/lane"
	"github.com/carillon-cron/carillon/services/runner/internal/outbox"
	"github.com/carillon-cron/carillon/services/runner/internal/skip"
	"github.com/carillon-cron/carillon/services/runner/internal/vault"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// AllowedTarget is a part of the reserved addresses that may be called all the
// same: a network (10.0.0.0/8), an address (10.1.2.3), or one port of an address
// (127.0.0.1:8080), by all jobs or by those of a namespace (billing=10.0.0.0/8). It
// reads and writes these forms as text.
type AllowedTarget = guard.Allowed

// Config is the runner's settings.
type Config struct {
	NATS bus.Config
	// Slots is how many calls this runner makes at once, over all queues.
	Slots int `env:"CARILLON_SLOTS" envDefault:"512"`
	// HostConnections is the most connections of this runner to one host.
	HostConnections int `env:"CARILLON_HOST_CONNECTIONS" envDefault:"512"`
	// AllowTargets are private, loopback and other reserved addresses that may
	// be called, comma-separated: 10.0.0.0/8, 10.1.2.3 or 127.0.0.1:8080, or
	// billing=10.0.0.0/8 for the jobs of one namespace.
	AllowTargets []AllowedTarget `env:"CARILLON_ALLOW_TARGETS"`
	// Proxy is the HTTP proxy that all calls go through, without one by default.
	Proxy dial.Proxy `env:"CARILLON_PROXY"`
	// Grace is how long calls may go on after the runner was told to stop.
	Grace time.Duration `env:"CARILLON_GRACE" envDefault:"20s"`
	// MasterKeys open the secrets; without any, calls that need one fail.
	MasterKeys seal.Config
	// PublicURL is the address of the API as targets see it, like
	// https://carillon.example.com. Without it, calls that want a callback fail.
	PublicURL string `env:"CARILLON_PUBLIC_URL"`
}

const (
	// linger is how long a deleted queue is served at least. Until a planner knows
	// of the deletion it plans runs into the queue: for the second that a change
	// leads its effect, and for a takeover's three seconds more. A minute leaves
	// room for a planner that is slow or briefly cut off.
	linger = time.Minute
	// healthEvery is how often the connection is looked at.
	healthEvery = time.Second
	// flushWait bounds the wait for the last acknowledgements to leave.
	flushWait = 2 * time.Second
)

var errStopped = errors.New("the runner was stopped")

func (c Config) check() error {
	if c.Slots < 1 || c.HostConnections < 1 {
		return errors.New("CARILLON_SLOTS and CARILLON_HOST_CONNECTIONS must be at least 1")
	}
	return carillon.CheckPublicURL(c.PublicURL)
}

// Run makes calls until ctx ends. It returns nil then, having given back
// everything, and an error only for settings that cannot work.
func Run(ctx context.Context, config Config, health *service.Health) error {
	if err := config.check(); err != nil {
		return err
	}
	keys, err := seal.Load(config.MasterKeys)
	if err != nil {
		return err
	}
	health.NotReady("nats", "connecting")
	nc, js, err := bus.Connect(config.NATS, "runner")
	if err != nil {
		return err
	}
	defer nc.Close()
	work, cut := workContext(ctx, config.Grace)
	defer cut()
	if topology.Await(ctx, js, config.NATS.Replicas, notYet) == nil {
		if book := openBook(ctx, js); book != nil {
			serve(ctx, work, config, keys, nc, js, book, health)
		}
	}
	if nc.IsConnected() {
		_ = nc.FlushTimeout(flushWait) // whatever does not leave comes back as a redelivery
	}
	return nil
}

// workContext returns the context of calls: it ends a grace after ctx does.
func workContext(ctx context.Context, grace time.Duration) (work context.Context, cut func()) {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	go func() {
		<-ctx.Done()
		select {
		case <-time.After(grace):
			cancel(errStopped)
		case <-work.Done():
		}
	}()
	return work, func() { cancel(nil) }
}

func notYet(err error) { slog.Debug("streams not ready", "error", err) }

// serve runs the parts until ctx ends and all that was taken is answered.
// Secrets and cancellations are followed for as long as there may be a call, and
// no run is taken before they and the cooldowns of hosts are known.
func serve(ctx, work context.Context, config Config, keys *seal.Keys, nc *nats.Conn, js jetstream.JetStream, book *callback.Book, health *service.Health) {
	secrets := vault.New(from(js, topology.JobsStream, topology.AllSecrets), keys)
	client := call.New(call.Config{
		Slots: config.Slots, HostConnections: config.HostConnections, Allowed: config.AllowTargets, Proxy: config.Proxy, Secrets: secrets,
		CallbackURL: callbackURL(config.PublicURL, book),
	})
	defer client.Close()
	out, cancelled, cooldowns := outbox.New(js), cancellation.NewSet(), cooldown.NewSet()
	worker := execution.New(execution.Config{
		Prepare: func(c *wire.Call) execution.Target { return client.Prepare(c) },
		Outbox:  out, Server: nc, Retries: execution.NewShelf(js), Jitter: backoff.Full, Cancelled: cancelled,
		Gate: gate.New(cooldowns, announce(out), backoff.Full), Callbacks: book,
	})
	orders := cancellation.NewFollower(from(js, topology.ControlsStream, topology.AllCancels), cancelled, worker.Withdraw)
	lanes := lane.NewSet(lane.Config{
		Conn: nc, JS: js, Slots: config.Slots, Linger: linger,
		Handle: func(msg *nats.Msg) bool { return worker.Handle(work, msg) },
	})
	var parts sync.WaitGroup
	parts.Go(func() { skip.Run(ctx, work, nc, js, out) })
	parts.Go(func() {
		follow(ctx, work, secrets, func() {
			follow(ctx, work, orders, func() {
				follow(ctx, work, cooldown.NewFollower(from(js, topology.ControlsStream, topology.AllCooldowns), cooldowns), func() {
					var resuming sync.WaitGroup
					resuming.Go(func() { resume(ctx, nc, js, func(msg *nats.Msg) { worker.Resume(work, msg) }) })
					lanes.Run(ctx, func() { parts.Go(func() { watch(ctx, nc, health) }) })
					resuming.Wait()
				})
			})
		})
	})
	parts.Wait()
}

// announce tells all runners of a cooldown.
func announce(out *outbox.Outbox) func(host string, until time.Time) {
	return func(host string, until time.Time) {
		subject, data := cooldown.News(host, until)
		out.Send(&nats.Msg{Subject: subject, Data: data})
	}
}

// from follows a family of subjects of a stream.
func from(js jetstream.JetStream, stream, filter string) func(context.Context, func(bus.Entry)) (stop func(), err error) {
	return func(ctx context.Context, handle func(bus.Entry)) (stop func(), err error) {
		return bus.Follow(ctx, js, stream, filter, handle)
	}
}

// follower follows something until ctx ends, and calls ready once it knows what
// there is at the start.
type follower interface {
	Run(ctx context.Context, ready func())
}

// follow runs a follower until work ends or take returns. It calls take once the
// follower knows what there is to know, unless ctx ends before.
func follow(ctx, work context.Context, follower follower, take func()) {
	work, stop := context.WithCancel(work)
	known, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		follower.Run(work, func() { close(known) })
	}()
	select {
	case <-known:
		take()
	case <-ctx.Done():
	}
	stop()
	<-ended
}

// watch tells health of the connection.
func watch(ctx context.Context, nc *nats.Conn, health *service.Health) {
	for ctx.Err() == nil {
		if nc.IsConnected() {
			health.Ready("nats")
		} else {
			health.NotReady("nats", "disconnected; calls in flight go on")
		}
		lull.For(ctx, healthEvery)
	}
}
