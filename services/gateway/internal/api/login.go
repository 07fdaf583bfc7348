package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/danielgtaylor/huma/v2"
)

// maxLogin bounds a body that anybody can send. The longest key fits, all escaped.
const maxLogin = 4 << 10

func (a *API) routeLogin() {
	enter := operation(http.MethodPost, "/session", "log-in", accessTag, "Log a browser in with an API key",
		http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
	enter.Description = "The answer sets a cookie that stands for the key for 12 hours, or until the key ends. " +
		"It is not sent from the pages of other sites, and no script can read it."
	enter.RequestBody, enter.DefaultStatus = bodyOf(a, loginBody{Key: "car_…"}), http.StatusCreated
	enter.MaxBodyBytes = maxLogin
	registerOpen(a, enter, a.logIn)

	who := operation(http.MethodGet, "/session", "get-session", accessTag, "Say who the caller is, and what he may do")
	register(a, keyring.Viewer, who, a.getSession)

	leave := operation(http.MethodDelete, "/session", "log-out", accessTag, "Log a browser out")
	leave.Description = "With a key instead of a cookie there is nothing to end."
	register(a, keyring.Viewer, leave, a.logOut)
}

// browser is the part of an input that knows how cookies are set.
type browser struct {
	ctx huma.Context
}

// Resolve keeps the request.
func (b *browser) Resolve(ctx huma.Context) []error {
	b.ctx = ctx
	return nil
}

func (b *browser) cookie(name, value string, ends time.Time) http.Cookie {
	return newCookie(cookieName(b.ctx, name), value, isSecure(b.ctx), ends)
}

type loginBody struct {
	Key string `json:"key" minLength:"1" maxLength:"200" doc:"An API key."`
}

// identity is what a caller may know of himself.
type identity struct {
	Name       string       `json:"name" doc:"What revisions and the audit log call the caller." example:"deploy"`
	Role       keyring.Role `json:"role" enum:"viewer,operator,editor,admin"`
	Namespaces []string     `json:"namespaces,omitempty" doc:"The namespaces that he may see; missing for all."`
	ExpiresAt  *time.Time   `json:"expires_at,omitempty" doc:"When the key, or the session that was begun, ends; missing if it does not."`
}

func identityOf(key keyring.Key, ends time.Time) identity {
	who := identity{Name: key.Name, Role: key.Role, Namespaces: key.Scope.Names()}
	if !ends.IsZero() {
		utc := ends.UTC()
		who.ExpiresAt = &utc
	}
	return who
}

type loginInput struct {
	browser
	payload
}

// Resolve is that of both parts.
func (in *loginInput) Resolve(ctx huma.Context) []error {
	return append(in.browser.Resolve(ctx), in.payload.Resolve(ctx)...)
}

type loginAnswer struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      identity
}

func (a *API) logIn(ctx context.Context, in *loginInput) (*loginAnswer, error) {
	if err := sameOrigin(in.ctx); err != nil {
		return nil, err
	}
	body, err := document(a, &in.payload, func(*loginBody) error { return nil })
	if err != nil {
		return nil, err
	}
	key, err := a.prove(in.ctx, credential{secret: body.Key})
	if err != nil {
		return nil, err
	}
	cookie, err := a.Logins.ByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	a.logLogin(ctx, key.Name)
	return &loginAnswer{in.cookie(sessionCookie, cookie.Secret, cookie.Ends), identityOf(key, cookie.Ends)}, nil
}

func (a *API) logLogin(ctx context.Context, name string) {
	if err := a.AuditLog.Write(ctx, auditlog.Change{Actor: name, Action: "created", Object: "session"}); err != nil {
		slog.Warn("the audit log lacks a login", "name", name, "error", err)
	}
}

func (a *API) getSession(ctx context.Context, _ *struct{}) (*answer[identity], error) {
	key := callerOf(ctx).Key
	ends := key.ExpiresAt
	if !key.SessionEndsAt.IsZero() {
		ends = key.SessionEndsAt // which is never after that of the key
	}
	return &answer[identity]{identityOf(key, ends)}, nil
}

type logoutAnswer struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *API) logOut(ctx context.Context, in *struct{ browser }) (*logoutAnswer, error) {
	if err := sameOrigin(in.ctx); err != nil {
		return nil, err
	}
	if who := callerOf(ctx); who.proof.isCookie {
		if err := a.Logins.End(ctx, who.proof.secret); err != nil {
			return nil, err
		}
	}
	return &logoutAnswer{in.cookie(sessionCookie, "", time.Time{})}, nil
}
