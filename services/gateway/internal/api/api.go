package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/auditor"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/callback"
	"github.com/carillon-cron/carillon/services/gateway/internal/cancellation"
	"github.com/carillon-cron/carillon/services/gateway/internal/checkstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/forecast"
	"github.com/carillon-cron/carillon/services/gateway/internal/inflight"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/noticestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/services/gateway/internal/once"
	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/carillon-cron/carillon/services/gateway/internal/pausestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/ping"
	"github.com/carillon-cron/carillon/services/gateway/internal/queuestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/redrive"
	"github.com/carillon-cron/carillon/services/gateway/internal/retentionstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/routestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/secretstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/throttle"
	"github.com/carillon-cron/carillon/services/gateway/internal/trigger"
	"github.com/carillon-cron/carillon/services/gateway/internal/whereabouts"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/google/uuid"
)

const (
	maxBody = 1 << 20
	// maxManyBody is for bodies that are about many jobs.
	maxManyBody = 8 << 20
	// readBody is how much of a body is read before it is refused for its size: a
	// server that stops reading cannot be sure that its answer is seen.
	readBody = 12 << 20
	// maxHead bounds the request line and the headers.
	maxHead     = 16 << 10
	readTimeout = 30 * time.Second
	idleTimeout = 2 * time.Minute
	// requestTimeout bounds the work for one request.
	requestTimeout = 12 * time.Second
	// stopTimeout is how long requests in progress may take at the end.
	stopTimeout = 3 * time.Second
)

// Parts is what the API is the face of.
type Parts struct {
	Jobs      *jobstore.Store
	Queues    *queuestore.Store
	Pauses    *pausestore.Store
	Secrets   *secretstore.Store
	Runs      *ledger.Ledger
	Finder    *whereabouts.Finder
	Audits    *auditor.Reader
	Retention *retentionstore.Store
	Trigger   *trigger.Trigger
	Canceller *cancellation.Canceller
	Backfills *backfillstore.Store
	Redriver  *redrive.Redriver
	Callbacks *callback.Desk
	InFlight  *inflight.Counter
	// Alerts are listed, AlertRoutes say who is told of them, and Notify tells.
	Alerts      *noticestore.Store
	AlertRoutes *routestore.Store
	Notify      notify.Send
	Checks      *checkstore.Store
	Pings       *ping.Desk
	// TakesCallbacks says whether targets are told where to call back.
	TakesCallbacks bool
	// RunAdaptive asks a recorder for a pass of adaptive rescheduling.
	RunAdaptive func(context.Context) (wire.PassAnswer, error)
	// Origins are the origins of pages that may follow the feed, beside the API's own.
	Origins  []string
	Keys     *keyring.Keyring
	Logins   *login.Logins
	OpenID   *openid.Provider
	AuditLog *auditlog.Log
	Answers  *once.Answers
	// KeyRate is the most requests a second for a key that has no rate of its own.
	KeyRate   int
	Feed      *feed.Feed
	Forecasts *forecast.Reader
	Health    *service.Health
}

// API serves HTTP. Make one with New.
type API struct {
	Parts
	app      *fiber.App
	huma     huma.API
	sessions sessions
	// documents is what tells texts of documents apart beside themselves.
	documents [sha256.Size]byte

	callers   *throttle.Throttle[uuid.UUID]
	turns     *throttle.Turns[uuid.UUID]
	strangers *throttle.Throttle[netip.Addr] // by wrong keys
	guessers  *throttle.Turns[netip.Addr]    // whom nobody knows yet
	intruders *throttle.Throttle[netip.Addr] // by wrong tokens
	followers *http.CrossOriginProtection
}

// New returns an API over the given parts.
func New(parts Parts) *API {
	a := &API{Parts: parts, app: fiber.New(fiber.Config{
		DisableStartupMessage: true, Immutable: true, CaseSensitive: true,
		BodyLimit: readBody, ReadBufferSize: maxHead,
		ReadTimeout: readTimeout, WriteTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorHandler: writeError,
	})}
	a.callers, a.strangers, a.intruders = throttle.New[uuid.UUID](), throttle.New[netip.Addr](), throttle.New[netip.Addr]()
	a.turns, a.sessions.shares = throttle.NewTurns[uuid.UUID](turnsOfKey), throttle.NewTurns[uuid.UUID](shareOfViewers)
	a.guessers = throttle.NewTurns[netip.Addr](guessesAtOnce)
	a.followers = followers(parts.Origins)
	a.app.Use(observe, recover.New(recover.Config{EnableStackTrace: true}), legible, plain, bound)
	a.huma = humafiber.New(a.app, documentConfig())
	a.huma.UseMiddleware(a.authenticate, a.unequivocal)
	a.routeJobs()
	a.routeControls()
	a.routeApply()
	a.routeBulk()
	a.routeAdaptive()
	a.routePauses()
	a.routeSchedules()
	a.routeForecast()
	a.routeRuns()
	a.routeRetention()
	a.routeRunControls()
	a.routeRedrives()
	a.routeCallbacks()
	a.routeBackfills()
	a.routeQueues()
	a.routeSecrets()
	a.routeAlerts()
	a.routeChecks()
	a.routePings()
	a.routeFeed()
	a.routeKeys()
	a.routeLogin()
	a.routeOpenID()
	a.routeNamespaces()
	a.routeAuditLog()
	a.boundParameters()
	a.routeDocs()
	a.routeHealth()
	return a
}

// bound gives every request a deadline.
func bound(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// Serve serves on a listener until ctx ends. Then it lets requests in progress
// end, tells feed clients that it goes away, and returns.
func (a *API) Serve(ctx context.Context, listener net.Listener) error {
	a.sessions.open(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.app.Listener(listener) }()
	select {
	case err := <-ended:
		return errors.Join(errors.New("the API server ended"), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := a.app.ShutdownWithContext(stop); err != nil {
		slog.Warn("requests were cut off", "error", err)
	}
	_ = listener.Close() // ends a Listener that began only after the shutdown
	a.sessions.wait()
	return <-ended
}
