package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/danielgtaylor/huma/v2"
)

type callerOfRequest struct{}

// caller is who makes a request: a key, or what a session stands for.
type caller struct {
	keyring.Key
	proof credential
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerOfRequest{}).(caller)
	return c
}

// actor names the caller in revisions and in the audit log.
func actor(ctx context.Context) string { return callerOf(ctx).Name }

// authenticate lets a request pass whose caller has the role that the route needs,
// or to a route that needs none. From here on the context holds the scope.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	least := leastRole(ctx.Operation())
	if least == "" {
		next(ctx)
		return
	}
	who, err := a.identify(ctx)
	switch {
	case err != nil:
		a.refuse(ctx, err)
	case !who.Role.Allows(least):
		a.refuse(ctx, huma.Error403Forbidden("this needs the role "+string(least)+"; the key has "+string(who.Role)))
	default:
		leave, err := a.takeTurn(ctx, who)
		if err != nil {
			a.refuse(ctx, err)
			return
		}
		defer leave()
		within := huma.WithContext(ctx, scope.With(ctx.Context(), who.Scope))
		next(huma.WithValue(within, callerOfRequest{}, who))
	}
}

// identify finds the caller, or the problem with him.
func (a *API) identify(ctx huma.Context) (caller, error) {
	proof := credentialOf(ctx)
	if proof.secret == "" {
		return caller{}, unauthorized("an API key is needed: Authorization: Bearer car_…")
	}
	if err := a.checkPage(ctx, proof); err != nil {
		return caller{}, err
	}
	key, err := a.prove(ctx, proof)
	return caller{key, proof}, err
}

// prove finds what a credential stands for, within the limits. An address that has
// guessed too often waits, but nobody else who comes from there with what is known.
func (a *API) prove(ctx huma.Context, proof credential) (key keyring.Key, err error) {
	look := func() (err error) {
		key, err = a.lookUp(ctx.Context(), proof)
		return err
	}
	if a.knows(proof) {
		err = look()
	} else {
		err = a.guess(ctx.Context(), addressOf(ctx), look)
	}
	if isAny(err, keyring.ErrUnknown, login.ErrUnknown) {
		return key, unauthorized(err.Error())
	}
	if err != nil {
		return key, asProblem(err)
	}
	if wait := a.callers.Take(key.ID, a.rateOf(key)); wait > 0 {
		return key, tooMany("too many requests with this key", wait)
	}
	return key, nil
}

// lookUp fails with the errors of the keyring, or of the logins.
func (a *API) lookUp(ctx context.Context, proof credential) (keyring.Key, error) {
	if proof.isCookie {
		return a.Logins.Find(ctx, proof.secret)
	}
	return a.Keys.Find(ctx, proof.secret)
}

func (a *API) knows(proof credential) bool {
	if proof.isCookie {
		return a.Logins.Knows(proof.secret)
	}
	return a.Keys.Knows(proof.secret)
}

// rateOf is the most requests a second for a key; 0 for any number.
func (a *API) rateOf(key keyring.Key) int {
	if key.Rate != nil {
		return *key.Rate
	}
	return a.KeyRate
}

func unauthorized(detail string) error {
	return huma.ErrorWithHeaders(huma.Error401Unauthorized(detail), http.Header{"WWW-Authenticate": {`Bearer realm="carillon"`}})
}

func tooMany(detail string, wait time.Duration) error {
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return huma.ErrorWithHeaders(huma.Error429TooManyRequests(detail), http.Header{"Retry-After": {seconds}})
}

// refuse answers with a problem, outside of a handler.
func (a *API) refuse(ctx huma.Context, problem error) {
	if headers, ok := errors.AsType[huma.HeadersError](problem); ok {
		for name, values := range headers.GetHeaders() {
			ctx.SetHeader(name, values[0])
		}
	}
	status := http.StatusInternalServerError
	if known, ok := errors.AsType[huma.StatusError](problem); ok {
		status = known.GetStatus()
	}
	_ = huma.WriteErr(a.huma, ctx, status, problem.Error()) // it logs what it cannot write
}

// stillValid fails once a caller has been revoked or has expired. While Postgres is
// away, nobody has.
func (a *API) stillValid(ctx context.Context, who caller) error {
	_, err := a.lookUp(ctx, who.proof)
	if isAny(err, keyring.ErrUnknown, login.ErrUnknown) {
		return err
	}
	return nil
}

// secretOf returns the key of a request, or "". Browsers cannot set headers on a
// WebSocket, so the feed takes it from a subprotocol as well. Never from the
// address: addresses are logged, kept and sent on.
func secretOf(ctx huma.Context) string {
	scheme, secret, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(secret)
	}
	if ctx.Operation().OperationID != followFeed {
		return ""
	}
	offered, _ := bearerProtocol(ctx.Header("Sec-WebSocket-Protocol"))
	return strings.TrimPrefix(offered, bearerPrefix)
}

const bearerPrefix = "bearer."

// bearerProtocol finds the subprotocol that carries a key.
func bearerProtocol(header string) (string, bool) {
	for offered := range strings.SplitSeq(header, ",") {
		if offered = strings.TrimSpace(offered); strings.HasPrefix(offered, bearerPrefix) {
			return offered, true
		}
	}
	return "", false
}
