package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/google/go-cmp/cmp"
	"github.com/oauth2-proxy/mockoidc"
)

// newProvider runs an OpenID Connect provider, and a gateway whose people it knows.
func newProvider(t *testing.T) (*world, *mockoidc.MockOIDC) {
	t.Helper()
	provider, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Shutdown() })
	w := newWorld(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.config.OpenID = openid.Config{
		Issuer: provider.Issuer(), ClientID: provider.ClientID, ClientSecret: provider.ClientSecret,
		URL: "https://carillon.example.com", Scopes: []string{"profile", "email", "groups"}, Claim: "groups",
	}
	for _, text := range []string{"ops=admin", "cn=billing=editor@billing+invoices", "everybody=viewer@billing"} {
		var grant openid.Grant
		if err := grant.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		w.config.OpenID.Grants = append(w.config.OpenID.Grants, grant)
	}
	w.start(t)
	w.awaitReady(t)
	return w, provider
}

// begin goes to the provider as a browser, and returns with what it says.
func (w *world) begin(t *testing.T, path string) (attempt []*http.Cookie, back *url.URL) {
	t.Helper()
	r := w.send(t, "GET", "/api/v1/session/oidc?return="+url.QueryEscape(path), nil, nil)
	if r.status != 302 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", r.header.Get("Location"), nil)
	if err != nil {
		t.Fatal(err)
	}
	there := do(t, request)
	back, err = url.Parse(there.header.Get("Location"))
	if err != nil || there.status != 302 {
		t.Fatalf("the provider: %d %s, %v", there.status, there.body, err)
	}
	if back.Host != "carillon.example.com" || back.Path != openid.CallbackPath {
		t.Fatalf("the provider sends the browser to %s", back)
	}
	return r.cookies(), back
}

func (w *world) finish(t *testing.T, attempt []*http.Cookie, back *url.URL) response {
	t.Helper()
	return w.send(t, "GET", back.RequestURI(), attempt, map[string]string{"Sec-Fetch-Site": "cross-site"})
}

func session(cookies []*http.Cookie) (all []*http.Cookie) {
	for _, cookie := range cookies {
		if cookie.Name == "carillon" && cookie.Value != "" {
			all = append(all, cookie)
		}
	}
	return all
}

func TestPeopleLogInWithOpenIDConnect(t *testing.T) {
	t.Parallel()
	w, provider := newProvider(t)
	for _, test := range []struct {
		user       mockoidc.MockUser
		name       string
		role       keyring.Role
		namespaces []string
	}{
		{mockoidc.MockUser{Subject: "1", Email: "ann@example.com", EmailVerified: true, Groups: []string{"everybody", "ops"}}, "ann@example.com (OpenID)", keyring.Admin, nil},
		{mockoidc.MockUser{Subject: "2", Email: "ann@example.com", Groups: []string{"cn=billing", "everybody"}}, "2 (OpenID)", keyring.Editor, []string{"billing", "invoices"}},
		{mockoidc.MockUser{Subject: "3", Groups: []string{"everybody"}}, "3 (OpenID)", keyring.Viewer, []string{"billing"}},
	} {
		provider.QueueUser(&test.user)
		attempt, back := w.begin(t, "/ui/jobs?x=1")
		back.RawQuery += "&iss=" + url.QueryEscape(provider.Issuer()) + "&session_state=x" // as some providers do
		r := w.finish(t, attempt, back)
		if r.status != 302 || r.header.Get("Location") != "/ui/jobs?x=1" {
			t.Fatalf("%d %s %s", r.status, r.header.Get("Location"), r.body)
		}
		who := into[issued](t, w.send(t, "GET", "/api/v1/session", session(r.cookies()), nil), 200)
		if who.Name != test.name || who.Role != test.role || cmp.Diff(test.namespaces, who.Namespaces) != "" {
			t.Errorf("%+v", who)
		}
		if r := w.finish(t, attempt, back); r.status != 403 || len(session(r.cookies())) > 0 {
			t.Errorf("the same code again: %d %s", r.status, r.body)
		}
	}
	cookies := into[struct{ Items []string }](t, w.callAs(t, "", "GET", "/api/v1/session/ways", nil), 200)
	if diff := cmp.Diff([]string{"key", "oidc"}, cookies.Items); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAnOpenIDAdminDoesIsInHisName(t *testing.T) {
	t.Parallel()
	w, provider := newProvider(t)
	provider.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "ann@example.com", EmailVerified: true, Groups: []string{"ops"}})
	attempt, back := w.begin(t, "/")
	cookies := session(w.finish(t, attempt, back).cookies())
	if r := w.send(t, "POST", "/api/v1/queues/low/pause", cookies, map[string]string{"Sec-Fetch-Site": "same-origin"}); r.status != 200 {
		t.Fatalf("%s", r.body)
	}
	if w.count(t, `SELECT count(*) FROM audit_log WHERE actor = 'ann@example.com (OpenID)' AND object IN ('queue/low', 'session')`) != 2 {
		t.Error("the log does not say who it was")
	}
}

func TestForgedLoginsAreRefused(t *testing.T) {
	t.Parallel()
	w, provider := newProvider(t)
	begin := func() ([]*http.Cookie, *url.URL) {
		provider.QueueUser(&mockoidc.MockUser{Subject: "1", Groups: []string{"ops"}})
		return w.begin(t, "/")
	}
	others, _ := begin()
	for name, forge := range map[string]func(attempt []*http.Cookie, query url.Values) []*http.Cookie{
		"a code foisted on a browser that began nothing": func([]*http.Cookie, url.Values) []*http.Cookie { return nil },
		"a code foisted on one that began another login": func([]*http.Cookie, url.Values) []*http.Cookie { return others },
		"another state":       func(a []*http.Cookie, q url.Values) []*http.Cookie { q.Set("state", "x"); return a },
		"no state":            func(a []*http.Cookie, q url.Values) []*http.Cookie { q.Del("state"); return a },
		"no state, no cookie": func(_ []*http.Cookie, q url.Values) []*http.Cookie { q.Del("state"); return nil },
		"a guessed code":      func(a []*http.Cookie, q url.Values) []*http.Cookie { q.Set("code", "x"); return a },
		"a refusal":           func(a []*http.Cookie, q url.Values) []*http.Cookie { q.Set("error", "access_denied"); return a },
		"a broken cookie":     func(a []*http.Cookie, _ url.Values) []*http.Cookie { a[0].Value = "e30"; return a },
	} {
		attempt, back := begin()
		query := back.Query()
		attempt = forge(attempt, query)
		back.RawQuery = query.Encode()
		if r := w.finish(t, attempt, back); r.status != 403 || len(session(r.cookies())) > 0 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	provider.QueueUser(&mockoidc.MockUser{Subject: "9", Groups: []string{"strangers"}})
	attempt, back := w.begin(t, "/")
	if r := w.finish(t, attempt, back); r.status != 403 || !strings.Contains(string(r.body), "groups") {
		t.Errorf("somebody without a grant: %d %s", r.status, r.body)
	}
	if n := w.count(t, `SELECT count(*) FROM logins`); n != 0 {
		t.Errorf("%d logins", n)
	}
}

func TestALoginComesBackToThisServerOnly(t *testing.T) {
	t.Parallel()
	w, _ := newProvider(t)
	for _, path := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "evil", "/\t/evil.example", "javascript:alert(1)"} {
		if r := w.send(t, "GET", "/api/v1/session/oidc?return="+url.QueryEscape(path), nil, nil); r.status != 422 {
			t.Errorf("%q: %d", path, r.status)
		}
	}
}

func TestWithoutAProviderNobodyLogsInWithOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/api/v1/session/oidc", "/api/v1/session/oidc/callback?state=&code="} {
		if r := w.send(t, "GET", path, nil, nil); r.status != 404 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

func TestAProviderThatIsAwayIsNoFault(t *testing.T) {
	t.Parallel()
	w, provider := newProvider(t)
	if err := provider.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if r := w.send(t, "GET", "/api/v1/session/oidc", nil, nil); r.status != 503 || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	w.logIn(t, w.key)
}

func TestNoKeyOutlivesTheLoginThatIssuedIt(t *testing.T) {
	t.Parallel()
	w, provider := newProvider(t)
	provider.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "ann@example.com", EmailVerified: true, Groups: []string{"ops"}})
	attempt, back := w.begin(t, "/")
	cookies := session(w.finish(t, attempt, back).cookies())
	who := into[issued](t, w.send(t, "GET", "/api/v1/session", cookies, nil), 200)
	if who.ExpiresAt == nil || time.Until(*who.ExpiresAt) > login.Lifetime {
		t.Fatalf("the session ends at %v", who.ExpiresAt)
	}
	issue := func(wanted string) response {
		return w.sendBody(t, "POST", "/api/v1/keys", cookies, map[string]string{"Sec-Fetch-Site": "same-origin"}, wanted)
	}
	key := into[issued](t, issue(`{"name": "mine", "role": "admin"}`), 201)
	if key.ExpiresAt == nil || !key.ExpiresAt.Equal(*who.ExpiresAt) {
		t.Errorf("the key ends at %v, the session at %v", key.ExpiresAt, who.ExpiresAt)
	}
	intoProblem(t, issue(`{"name": "longer", "role": "viewer", "expires_at": "`+who.ExpiresAt.Add(time.Second).Format(time.RFC3339)+`"}`), 422)

	byKey := w.logIn(t, w.key) // has the key itself, which has no end
	if who := into[issued](t, w.send(t, "GET", "/api/v1/session", byKey, nil), 200); who.ExpiresAt == nil {
		t.Error("a session does not say when it ends")
	}
}
