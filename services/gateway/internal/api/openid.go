package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/danielgtaylor/huma/v2"
)

// attemptLasts is how long somebody may take to log in at the provider.
const attemptLasts = 10 * time.Minute

func (a *API) routeOpenID() {
	ways := operation(http.MethodGet, "/session/ways", "list-login-ways", accessTag, "Say how a browser can log in")
	registerOpen(a, ways, a.listLoginWays)

	begin := operation(http.MethodGet, "/session/oidc", "begin-openid", accessTag, "Log a browser in with OpenID Connect", http.StatusNotFound)
	begin.Description, begin.DefaultStatus = "Sends the browser to the provider.", http.StatusFound
	registerOpen(a, begin, a.beginOpenID)

	finish := operation(http.MethodGet, strings.TrimPrefix(openid.CallbackPath, prefix), "finish-openid", accessTag,
		"Come back from the OpenID Connect provider", http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests)
	finish.Description, finish.DefaultStatus = "Where the provider sends the browser. It is sent on to where it came from, with a cookie.", http.StatusFound
	finish.SkipValidateParams = true // providers add what they like
	registerOpen(a, finish, a.finishOpenID)
}

type loginWays struct {
	Items []string `json:"items" enum:"key,oidc"`
}

func (a *API) listLoginWays(context.Context, *struct{}) (*answer[loginWays], error) {
	ways := loginWays{[]string{"key"}}
	if a.OpenID.IsOn() {
		ways.Items = append(ways.Items, "oidc")
	}
	return &answer[loginWays]{ways}, nil
}

// attempt is what the cookie holds of a login that has been begun.
type attempt struct {
	openid.Attempt
	Return string `json:"r"`
}

type redirection struct {
	Location  string        `header:"Location"`
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

type beginInput struct {
	browser
	Return string `query:"return" default:"/" maxLength:"1000" doc:"The path to come back to."`
}

func (a *API) beginOpenID(ctx context.Context, in *beginInput) (*redirection, error) {
	if !isLocal(in.Return) {
		return nil, invalidQuery("return", "must be a path on this server")
	}
	address, begun, err := a.OpenID.Begin(ctx)
	if err != nil {
		return nil, err
	}
	text, _ := json.Marshal(attempt{begun, in.Return}) // cannot fail: strings only
	value := base64.RawURLEncoding.EncodeToString(text)
	return &redirection{address, []http.Cookie{in.cookie(attemptCookie, value, time.Now().Add(attemptLasts))}}, nil
}

// isLocal reports whether an address stays on this server, whatever a browser makes
// of it: two slashes, of either kind, begin the name of a host.
func isLocal(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") &&
		!strings.ContainsAny(path, "\\") && !strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f })
}

type finishInput struct {
	browser
	State string `query:"state"`
	Code  string `query:"code"`
	Error string `query:"error" doc:"Why the provider refuses."`
}

func (a *API) finishOpenID(ctx context.Context, in *finishInput) (*redirection, error) {
	begun := begunIn(in.ctx)
	if in.Error != "" {
		return nil, huma.Error403Forbidden("the OpenID Connect provider refuses: " + in.Error)
	}
	var who login.Person
	err := a.guess(ctx, addressOf(in.ctx), func() (err error) {
		who, err = a.OpenID.Finish(ctx, begun.Attempt, in.State, in.Code)
		return err
	})
	if err != nil {
		return nil, err
	}
	cookie, err := a.Logins.ByPerson(ctx, who)
	if err != nil {
		return nil, err
	}
	a.logLogin(ctx, who.Name)
	return &redirection{begun.Return, []http.Cookie{
		in.cookie(sessionCookie, cookie.Secret, cookie.Ends), in.cookie(attemptCookie, "", time.Time{}),
	}}, nil
}

// begunIn reads the cookie of a login that was begun in a browser; a zero one if it
// has none.
func begunIn(ctx huma.Context) (begun attempt) {
	cookie, err := huma.ReadCookie(ctx, cookieName(ctx, attemptCookie))
	if err != nil {
		return attempt{}
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(text, &begun) != nil || !isLocal(begun.Return) {
		return attempt{}
	}
	return begun
}
