package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/fasthttp/websocket"
	"github.com/google/go-cmp/cmp"
)

// send makes a request of a browser: with cookies, and what it says of the page.
func (w *world) send(t *testing.T, method, path string, cookies []*http.Cookie, header map[string]string) response {
	t.Helper()
	return w.sendBody(t, method, path, cookies, header, "")
}

func (w *world) sendBody(t *testing.T, method, path string, cookies []*http.Cookie, header map[string]string, body string) response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range cookies {
		request.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	return do(t, request)
}

func (r response) cookies() []*http.Cookie { return (&http.Response{Header: r.header}).Cookies() }

func (w *world) logIn(t *testing.T, key string) []*http.Cookie {
	t.Helper()
	r := w.callAs(t, "", "POST", "/api/v1/session", object{"key": key})
	into[object](t, r, 201)
	return r.cookies()
}

func TestABrowserLogsInWithAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs := w.settle(t, "theirs")
	key := w.issue(t, w.key, object{"name": "alice", "role": "operator", "namespaces": []string{"ours"}})
	cookies := w.logIn(t, key.Key)
	if len(cookies) != 1 {
		t.Fatal(cookies)
	}
	c := cookies[0]
	if lasts := time.Until(c.Expires); c.Name != "carillon" || !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" ||
		lasts > login.Lifetime || lasts < login.Lifetime-time.Minute || strings.Contains(c.Value, key.Key) {
		t.Errorf("%+v", c)
	}
	if w.count(t, `SELECT count(*) FROM logins WHERE encode(hash, 'escape') LIKE '%' || $1 || '%'`, c.Value) != 0 {
		t.Error("the cookie itself is stored")
	}
	who := into[issued](t, w.send(t, "GET", "/api/v1/session", cookies, nil), 200)
	if who.Name != "alice" || who.Role != keyring.Operator || cmp.Diff(who.Namespaces, []string{"ours"}) != "" {
		t.Errorf("%+v", who)
	}
	if r := w.send(t, "GET", "/api/v1/jobs/"+theirs.job, cookies, nil); r.status != 404 {
		t.Errorf("another tenant's job: %d", r.status)
	}
	if r := w.send(t, "DELETE", "/api/v1/jobs/"+theirs.job, cookies, nil); r.status != 403 {
		t.Errorf("more than the role allows: %d", r.status)
	}
	r := w.send(t, "DELETE", "/api/v1/session", cookies, nil)
	if left := r.cookies(); r.status != 204 || len(left) != 1 || left[0].MaxAge >= 0 {
		t.Errorf("%d %v", r.status, left)
	}
	if r := w.send(t, "GET", "/api/v1/session", cookies, nil); r.status != 401 {
		t.Errorf("after the logout: %d", r.status)
	}
}

func TestOverHTTPSCookiesAreForThisHostAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/api/v1/session", strings.NewReader(`{"key": "`+w.key+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-Proto", "https")
	cookies := do(t, request).cookies()
	if len(cookies) != 1 || cookies[0].Name != "__Host-carillon" || !cookies[0].Secure {
		t.Fatal(cookies)
	}
	if r := w.send(t, "GET", "/api/v1/session", cookies, map[string]string{"X-Forwarded-Proto": "https"}); r.status != 200 {
		t.Errorf("%s", r.body)
	}
	if r := w.send(t, "GET", "/api/v1/session", cookies, nil); r.status != 401 {
		t.Error("a cookie of HTTPS counts in plain")
	}
}

func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookies := w.logIn(t, w.key)
	host := strings.TrimPrefix(w.url, "http://")
	for name, test := range map[string]struct {
		header map[string]string
		status int
	}{
		"another site":              {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		"another host of the site":  {map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"one that hides its origin": {map[string]string{"Origin": "null"}, 403},
		"an old browser elsewhere":  {map[string]string{"Origin": "https://evil.example"}, 403},
		"another port":              {map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		"our page":                  {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://" + host}, 200},
		"our page, an old browser":  {map[string]string{"Origin": "http://" + host}, 200},
		"typed by the user":         {map[string]string{"Sec-Fetch-Site": "none"}, 200},
	} {
		if r := w.send(t, "POST", "/api/v1/queues/default/resume", cookies, test.header); r.status != test.status {
			t.Errorf("%s: %d: %s", name, r.status, r.body)
		}
		want := 201
		if test.status == 403 {
			want = 403
		}
		request, _ := http.NewRequestWithContext(t.Context(), "POST", w.url+"/api/v1/session", strings.NewReader(`{"key": "`+w.key+`"}`))
		for field, value := range test.header {
			request.Header.Set(field, value)
		}
		if r := do(t, request); r.status != want {
			t.Errorf("a login from %s: %d: %s", name, r.status, r.body)
		}
	}
	if r := w.send(t, "GET", "/api/v1/jobs", cookies, map[string]string{"Sec-Fetch-Site": "cross-site"}); r.status != 200 {
		t.Errorf("a link from elsewhere: %d", r.status)
	}
	if r := w.call(t, "POST", "/api/v1/queues/default/resume", nil); r.status != 200 {
		t.Errorf("a key needs no origin: %d", r.status)
	}
}

func TestTheFeedTakesACookieFromOurPageOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.logIn(t, w.key)[0]
	address := "ws" + strings.TrimPrefix(w.url, "http") + "/api/v1/feed"
	for origin, allowed := range map[string]bool{w.url: true, "https://evil.example": false, "null": false} {
		header := http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}, "Origin": {origin}}
		conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), address, header)
		if (err == nil) != allowed || err != nil && answer.StatusCode != 403 {
			t.Errorf("%s: %v", origin, err)
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
}

func TestOtherOriginsOfTheSettingsOnlyFollow(t *testing.T) {
	t.Parallel()
	const site = "https://status.example.com"
	w := newWorldWith(t, func(c *Config) { c.Origins = []string{site} })
	cookies := w.logIn(t, w.key)
	header := http.Header{"Cookie": {cookies[0].Name + "=" + cookies[0].Value}, "Origin": {site}, "Sec-Fetch-Site": {"same-site"}}
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.url, "http")+"/api/v1/feed", header)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if r := w.send(t, "POST", "/api/v1/queues/default/resume", cookies, map[string]string{"Origin": site, "Sec-Fetch-Site": "same-site"}); r.status != 403 {
		t.Errorf("a write from there: %d", r.status)
	}
}

func TestForgedAndEndedSessionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.issue(t, w.key, object{"name": "bob", "role": "viewer"})
	expired, orphan := w.logIn(t, key.Key), w.logIn(t, key.Key)
	stolen := *orphan[0]
	stolen.Value = stolen.Value[:len(stolen.Value)-1] + "_"
	for name, value := range map[string]string{"altered": stolen.Value, "empty": "", "a key": key.Key, "long": strings.Repeat("x", 4000), "odd": "%00'\""} {
		if r := w.send(t, "GET", "/api/v1/session", []*http.Cookie{{Name: "carillon", Value: value}}, nil); r.status != 401 {
			t.Errorf("%s: %d", name, r.status)
		}
	}
	ended := func(cookies []*http.Cookie) {
		t.Helper()
		eventually.Succeeds(t, func() error {
			if r := w.send(t, "GET", "/api/v1/session", cookies, nil); r.status != 401 {
				return http.ErrNotSupported
			}
			return nil
		})
	}
	w.exec(t, `UPDATE logins SET expires_at = now() WHERE id = (SELECT id FROM logins ORDER BY created_at LIMIT 1)`)
	ended(expired)
	into[object](t, w.send(t, "GET", "/api/v1/session", orphan, nil), 200)
	into[object](t, w.call(t, "DELETE", "/api/v1/keys/"+key.ID.String(), nil), 204)
	if r := w.send(t, "GET", "/api/v1/session", orphan, nil); r.status != 401 {
		t.Errorf("of a key that was revoked here: %d", r.status)
	}
	if r := w.callAs(t, "", "POST", "/api/v1/session", object{"key": key.Key}); r.status != 401 || len(r.cookies()) > 0 {
		t.Errorf("a revoked key logs in: %d", r.status)
	}
}

func TestALoginOutlivesTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookies := w.logIn(t, w.key)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	w.awaitReady(t)
	into[object](t, w.send(t, "GET", "/api/v1/session", cookies, nil), 200)
}

func TestTheLogSaysWhatEveryChangeWasAndBecame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.issue(t, w.key, object{"name": "carol", "role": "admin"})
	do := func(method, path string, body any) {
		t.Helper()
		if r := w.callAs(t, key.Key, method, "/api/v1"+path, body); r.status >= 300 {
			t.Fatalf("%s %s: %s", method, path, r.body)
		}
	}
	job := into[struct{ ID string }](t, w.callAs(t, key.Key, "POST", "/api/v1/jobs", document("logged")), 201).ID
	do("PATCH", "/jobs/"+job, object{"labels": object{"a": "b"}})
	do("POST", "/jobs/"+job+"/pause", nil)
	do("POST", "/jobs/"+job+"/resume", nil)
	do("POST", "/jobs/"+job+"/run", nil)
	do("DELETE", "/jobs/"+job, nil)
	do("PUT", "/queues/extra", object{"concurrency": 2})
	do("PUT", "/queues/extra", object{"concurrency": 3})
	do("POST", "/queues/extra/pause", nil)
	do("DELETE", "/queues/extra", nil)
	do("PUT", "/secrets/default/token", object{"value": "a-very-secret-value"})
	do("PUT", "/secrets/default/token", object{"value": "another-secret-value"})
	do("DELETE", "/secrets/default/token", nil)
	do("POST", "/pause", object{"namespace": "default", "reason": "why not"})
	do("POST", "/resume", object{"namespace": "default"})
	issued := w.issue(t, key.Key, object{"name": "dave", "role": "viewer"})
	do("DELETE", "/keys/"+issued.ID.String(), nil)

	type line struct {
		ID                    int64
		Actor, Action, Object string
		Namespace             string
		Before, After         any
	}
	var got []string
	for cursor := ""; ; {
		page := into[struct {
			Items []line
			Next  string `json:"next_cursor"`
		}](t, w.call(t, "GET", "/api/v1/audit-log?actor=carol&limit=5&cursor="+cursor, nil), 200)
		for _, l := range page.Items {
			kind, _, _ := strings.Cut(l.Object, "/")
			had := map[bool]string{true: "+", false: "-"}
			got = append(got, kind+" "+l.Action+" "+had[l.Before != nil]+had[l.After != nil])
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	slices.Reverse(got)
	if diff := cmp.Diff([]string{
		"job created -+", "job updated ++", "job paused ++", "job resumed ++", "job run -+", "job deleted +-",
		"queue created -+", "queue updated ++", "queue paused ++", "queue deleted +-",
		"secret created -+", "secret updated ++", "secret deleted +-",
		"namespace paused -+", "namespace resumed ++", "key created -+", "key deleted +-",
	}, got); diff != "" {
		t.Error(diff)
	}
	all := string(w.call(t, "GET", "/api/v1/audit-log?limit=500", nil).body)
	for _, secret := range []string{"a-very-secret-value", "another-secret-value", issued.Key} {
		if strings.Contains(all, secret) {
			t.Error("the log tells a secret")
		}
	}
	for query, want := range map[string]int{
		"object=job/" + job: 6, "object=queue/": 4, "action=deleted": 4, "namespace=default&object=job/": 6, "from=2100-01-01T00:00:00Z": 0,
	} {
		if n := len(into[struct{ Items []line }](t, w.call(t, "GET", "/api/v1/audit-log?limit=500&actor=carol&"+query, nil), 200).Items); n != want {
			t.Errorf("%s: %d lines, want %d", query, n, want)
		}
	}
}

func TestAKeyHasSoManySessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, err := keyring.New(w.pool).Find(t.Context(), w.key)
	if err != nil {
		t.Fatal(err)
	}
	logins, cookies := login.New(w.pool), []string{}
	for range 105 {
		cookie, err := logins.ByKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		cookies = append(cookies, cookie.Secret)
	}
	for i, want := range map[int]error{4: login.ErrUnknown, 5: nil, 104: nil} {
		if _, err := logins.Find(t.Context(), cookies[i]); err != want {
			t.Errorf("session %d: %v", i, err)
		}
	}
}
