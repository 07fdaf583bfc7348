package gateway

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/api"
	"github.com/carillon-cron/carillon/services/gateway/internal/channel"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/noticestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/services/gateway/internal/pulse"
	"github.com/carillon-cron/carillon/services/gateway/internal/routestore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Heartbeat says where a heartbeat goes while everything is alive.
type Heartbeat struct {
	// URL is called with GET, as long as a job that calls the API at its public
	// address is planned, called and recorded; without it, nothing is.
	URL string `env:"CARILLON_HEARTBEAT_URL"`
	// Every is how often.
	Every time.Duration `env:"CARILLON_HEARTBEAT_EVERY" envDefault:"30s"`
}

// mostRare is how rare beats may be: proofs are looked for in the last three days.
const mostRare = 24 * time.Hour

func (h Heartbeat) check(publicURL string) error {
	if h.URL == "" {
		return nil
	}
	target, err := url.Parse(h.URL)
	switch {
	case err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https":
		return errors.New("CARILLON_HEARTBEAT_URL must be an http or https address")
	case h.Every < time.Second || h.Every > mostRare || h.Every%time.Second != 0:
		return errors.New("CARILLON_HEARTBEAT_EVERY must be whole seconds, from one to a day's")
	case publicURL == "":
		return errors.New("CARILLON_HEARTBEAT_URL needs CARILLON_PUBLIC_URL: the heartbeat's job calls the API there")
	}
	return nil
}

// telling tells the world outside: of alerts, and that all is alive.
type telling struct {
	pool       *pgxpool.Pool
	routes     *routestore.Store
	dispatcher *notify.Dispatcher
	pulse      *pulse.Pulse
}

// newTelling completes the parts of the API that it needs itself.
func newTelling(config Config, pool *pgxpool.Pool, parts *api.Parts, keys *seal.Keys) *telling {
	notices, routes := noticestore.New(pool), routestore.New(pool, keys)
	out := outlet{routes: routes, sender: channel.New(config.AllowTargets), parts: parts}
	parts.Alerts, parts.AlertRoutes, parts.Notify = notices, routes, out.send
	return &telling{
		pool: pool, routes: routes, dispatcher: notify.NewDispatcher(notices, out.send),
		pulse: pulse.New(pulse.Config{URL: config.Heartbeat.URL, Every: config.Heartbeat.Every, PublicURL: config.PublicURL},
			systemJobs{parts.Jobs}, proofs{pool}, outboundClient()),
	}
}

// run tells until ctx ends, whenever it is this gateway's turn.
func (t *telling) run(ctx context.Context) {
	postgres.TakeTurns(ctx, t.pool, "telling", func(ctx context.Context) {
		var told atomic.Pointer[time.Time]
		note := func() { now := time.Now(); told.Store(&now) }
		note()
		var parts sync.WaitGroup
		parts.Go(func() { t.routes.Renew(ctx) })
		parts.Go(func() { t.dispatcher.Run(ctx, note) })
		parts.Go(func() { t.pulse.Run(ctx, func() time.Time { return *told.Load() }) })
		parts.Wait()
	})
}

// outboundClient is for an address that an operator has set, so it is not guarded.
func outboundClient() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
}

// outlet sends messages through channels, and as runs.
type outlet struct {
	routes *routestore.Store
	sender *channel.Sender
	parts  *api.Parts
}

func (o outlet) send(ctx context.Context, route notify.Route, m notify.Message) error {
	if route.Job != "" {
		return o.carry(ctx, route, m)
	}
	address, err := o.routes.Address(ctx, route.ID)
	if err != nil {
		return err
	}
	return o.sender.Send(ctx, route.Namespace, address, channel.Message{Title: m.Title, Text: m.Text, Resolved: m.Resolved, Key: m.Key})
}

// carry makes a message a run.
func (o outlet) carry(ctx context.Context, route notify.Route, m notify.Message) error {
	job, err := o.parts.Jobs.Find(ctx, route.Namespace, route.Job)
	if err != nil {
		return err
	}
	if job.Queue, err = o.parts.Queues.Route(ctx, job); err != nil {
		return err
	}
	return o.parts.Trigger.Carry(ctx, job, m.JSON, "tells of alerts, for the route "+route.Name)
}

// systemJobs are the jobs that Carillon makes for itself.
type systemJobs struct{ jobs *jobstore.Store }

// Ensure makes a job what it should be.
func (s systemJobs) Ensure(ctx context.Context, document carillon.Document) error {
	return s.jobs.Ensure(ctx, "carillon", document)
}

// proofs reads what the recorder has written.
type proofs struct{ pool *pgxpool.Pool }

// LastSuccess returns the newest fire time of a job's schedule whose run succeeded;
// zero if there is none in the last days. Planners watch their clocks, runners, which
// say when a run ended, do not.
func (p proofs) LastSuccess(ctx context.Context, namespace, name string) (time.Time, error) {
	var at *time.Time
	err := p.pool.QueryRow(ctx, `
		SELECT r.fire_time FROM jobs j JOIN runs r ON r.job_id = j.id
		WHERE j.namespace = $1 AND j.name = $2 AND r.kind = 'schedule' AND r.state = 'succeeded' AND r.fire_time > now() - interval '3 days'
		ORDER BY r.fire_time DESC LIMIT 1`, namespace, name).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	return *cmp.Or(at, &time.Time{}), err
}
