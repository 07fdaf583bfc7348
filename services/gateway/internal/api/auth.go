package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/danielgtaylor/huma/v2"
)

type keyOfRequest struct{}

// actor names the caller in revisions and in the audit log.
func actor(ctx context.Context) string {
	key, _ := ctx.Value(keyOfRequest{}).(keyring.Key)
	return key.Name
}

// authenticate lets a request pass whose key has the role that the route needs,
// or to a route that needs none.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	if leastRole(ctx.Operation()) == "" {
		next(ctx)
		return
	}
	secret := secretOf(ctx)
	if secret == "" {
		a.unauthorized(ctx, "an API key is needed: Authorization: Bearer car_…")
		return
	}
	key, err := a.Keys.Find(ctx.Context(), secret)
	least := leastRole(ctx.Operation())
	switch {
	case errors.Is(err, keyring.ErrUnknown):
		a.unauthorized(ctx, err.Error())
	case err != nil:
		a.refuse(ctx, asProblem(err))
	case !key.Role.Allows(least):
		a.refuse(ctx, huma.Error403Forbidden("this needs the role "+string(least)+"; the key has "+string(key.Role)))
	default:
		within := huma.WithContext(ctx, scope.With(ctx.Context(), key.Scope))
		next(huma.WithValue(within, keyOfRequest{}, key))
	}
}

func (a *API) unauthorized(ctx huma.Context, detail string) {
	ctx.SetHeader("WWW-Authenticate", `Bearer realm="carillon"`)
	a.refuse(ctx, huma.Error401Unauthorized(detail))
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

// secretOf returns the key of a request, or "". Browsers cannot set headers on a
// WebSocket, so the feed takes it from the query or from a subprotocol as well.
func secretOf(ctx huma.Context) string {
	scheme, secret, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(secret)
	}
	if ctx.Operation().OperationID != followFeed {
		return ""
	}
	if offered, ok := bearerProtocol(ctx.Header("Sec-WebSocket-Protocol")); ok {
		return strings.TrimPrefix(offered, bearerPrefix)
	}
	return ctx.Query("key")
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
