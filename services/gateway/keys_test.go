package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/fasthttp/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// issued is a key as its issuer sees it.
type issued struct {
	ID         uuid.UUID
	Name       string
	Role       keyring.Role
	Namespaces []string
	Rate       *int
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Key        string
}

func (w *world) issue(t *testing.T, by string, wanted object) issued {
	t.Helper()
	return into[issued](t, w.callAs(t, by, "POST", "/api/v1/keys", wanted), 201)
}

func TestAKeyIsShownOnceAndWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	key := w.issue(t, w.key, object{"name": "deploy", "role": "editor", "namespaces": []string{"billing"}, "rate": 50, "expires_at": end})
	if !strings.HasPrefix(key.Key, keyring.Prefix) || key.Role != keyring.Editor || *key.Rate != 50 || !key.ExpiresAt.Equal(end) {
		t.Errorf("%+v", key)
	}
	if r := w.callAs(t, key.Key, "GET", "/api/v1/jobs", nil); r.status != 200 {
		t.Errorf("%s", r.body)
	}
	path := "/api/v1/keys/" + key.ID.String()
	for _, path := range []string{path, "/api/v1/keys"} {
		if body := string(w.call(t, "GET", path, nil).body); strings.Contains(body, key.Key) || !strings.Contains(body, `"deploy"`) {
			t.Errorf("%s tells %s", path, body)
		}
	}
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE concat(before, after) LIKE '%' || $1 || '%'`, key.Key); n != 0 {
		t.Error("the log has the key")
	}
	who := into[issued](t, w.callAs(t, key.Key, "GET", "/api/v1/session", nil), 200)
	if diff := cmp.Diff(issued{Name: "deploy", Role: keyring.Editor, Namespaces: []string{"billing"}, ExpiresAt: &end}, who); diff != "" {
		t.Error(diff)
	}
	into[object](t, w.call(t, "DELETE", path, nil), 204)
	if r := w.callAs(t, key.Key, "GET", "/api/v1/jobs", nil); r.status != 401 {
		t.Errorf("revoked here: %d", r.status)
	}
	into[object](t, w.call(t, "DELETE", path, nil), 404)
}

func TestNobodyGrantsMoreThanHeHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	mine := w.issue(t, w.key, object{"name": "tenant", "role": "admin", "namespaces": []string{"a", "b"}, "rate": 100, "expires_at": end})
	heir := w.issue(t, mine.Key, object{"name": "heir", "role": "admin"})
	if diff := cmp.Diff([]string{"a", "b"}, heir.Namespaces); diff != "" || *heir.Rate != 100 || !heir.ExpiresAt.Equal(end) {
		t.Errorf("what is left out is not the issuer's: %+v", heir)
	}
	for name, test := range map[string]struct {
		wanted object
		status int
		field  string
	}{
		"another namespace": {object{"namespaces": []string{"a", "c"}}, 403, ""},
		"a later end":       {object{"expires_at": end.Add(time.Second)}, 422, "body.expires_at"},
		"a past end":        {object{"expires_at": time.Now().Add(-time.Second)}, 422, "body.expires_at"},
		"more requests":     {object{"rate": 101}, 422, "body.rate"},
		"any number":        {object{"rate": 0}, 422, "body.rate"},
		"no namespace":      {object{"namespaces": []string{}}, 422, "body.namespaces"},
		"no name for one":   {object{"namespaces": []string{"Not A Name"}}, 422, "body.namespaces[0]"},
		"another's name":    {object{"name": "admin (CARILLON_ADMIN_KEY)"}, 422, "body.name"},
		"an unknown role":   {object{"role": "root"}, 422, "body.role"},
	} {
		wanted := object{"name": "x", "role": "viewer"}
		for field, value := range test.wanted {
			wanted[field] = value
		}
		p := intoProblem(t, w.callAs(t, mine.Key, "POST", "/api/v1/keys", wanted), test.status)
		if test.field != "" && cmp.Diff(p.locations(), []string{test.field}) != "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	plain := w.issue(t, w.key, object{"name": "plain", "role": "admin"}) // by a key without a limit
	if plain.Rate != nil {
		t.Errorf("its rate is %d, not that of the settings", *plain.Rate)
	}
	intoProblem(t, w.callAs(t, plain.Key, "POST", "/api/v1/keys", object{"name": "x", "role": "viewer", "rate": 501}), 422)
	list := into[struct{ Items []issued }](t, w.callAs(t, mine.Key, "GET", "/api/v1/keys", nil), 200)
	if len(list.Items) != 2 {
		t.Errorf("he sees %+v", list.Items)
	}
}

// The three seconds are those of package belief.
func TestKeysEndAtEveryGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expired := w.issue(t, w.key, object{"name": "expired", "role": "viewer"})
	revoked := w.issue(t, w.key, object{"name": "revoked", "role": "viewer"})
	other := *w
	other.start(t)
	other.awaitReady(t)
	for _, key := range []string{expired.Key, revoked.Key} { // so that the other gateway believes them
		into[object](t, other.callAs(t, key, "GET", "/api/v1/session", nil), 200)
	}
	into[object](t, w.call(t, "DELETE", "/api/v1/keys/"+revoked.ID.String(), nil), 204)
	w.exec(t, `UPDATE keys SET expires_at = now() WHERE id = $1`, expired.ID)
	for name, key := range map[string]issued{"expired": expired, "revoked": revoked} {
		eventually.Succeeds(t, func() error {
			if r := other.callAs(t, key.Key, "GET", "/api/v1/session", nil); r.status != 401 {
				return errors.New(name + " and still accepted")
			}
			return nil
		})
	}
}

func TestAFeedEndsWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.issue(t, w.key, object{"name": "watcher", "role": "viewer"})
	conn := w.followAs(t, key.Key, "")
	into[object](t, w.call(t, "DELETE", "/api/v1/keys/"+key.ID.String(), nil), 204)
	var closed *websocket.CloseError
	if _, err := read(conn); !errors.As(err, &closed) || closed.Code != websocket.ClosePolicyViolation {
		t.Errorf("got %v, want code 1008", err)
	}
}

func TestAStreamOfEventsEndsWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.issue(t, w.key, object{"name": "watcher", "role": "viewer"})
	mine := *w
	mine.key = key.Key
	from := mine.stream(t, "", http.Header{})
	block(t, from)
	into[object](t, w.call(t, "DELETE", "/api/v1/keys/"+key.ID.String(), nil), 204)
	if got := block(t, from); got[0] != "event: end" || got[1] != "data: "+keyring.ErrUnknown.Error() {
		t.Error(got)
	}
}

func TestUsesAreNotedForAllKeysAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.issue(t, w.key, object{"name": "used", "role": "viewer"})
	idle := w.issue(t, w.key, object{"name": "idle", "role": "viewer"})
	keys, ctx := keyring.New(w.pool), t.Context()
	running, stop := context.WithCancel(ctx)
	for range 3 {
		if _, err := keys.Find(ctx, key.Key); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := keys.Run(running); err != nil { // which notes what is left
		t.Fatal(err)
	}
	if w.count(t, `SELECT count(*) FROM keys WHERE id = $1 AND last_used_at > now() - interval '1 minute'`, key.ID) != 1 {
		t.Error("the use of a key was not noted")
	}
	if w.count(t, `SELECT count(*) FROM keys WHERE id = $1 AND last_used_at IS NULL`, idle.ID) != 1 {
		t.Error("a key that nobody used has a use")
	}
}

func TestAKeyHasSoManyRequestsASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := w.issue(t, w.key, object{"name": "slow", "role": "viewer", "rate": 1})
	quick := w.issue(t, w.key, object{"name": "quick", "role": "viewer", "rate": 100})
	statuses := map[int]int{}
	var refused response
	for range 20 {
		r := w.callAs(t, slow.Key, "GET", "/api/v1/session", nil)
		statuses[r.status]++
		if r.status == 429 {
			refused = r
		}
	}
	if statuses[200] < 2 || statuses[429] == 0 || refused.header.Get("Retry-After") != "1" {
		t.Errorf("%v, then %s", statuses, refused.body)
	}
	intoProblem(t, refused, 429)
	for _, key := range []string{quick.Key, w.key} {
		into[object](t, w.callAs(t, key, "GET", "/api/v1/session", nil), 200)
	}
}

func TestWhoGuessesKeysWaitsAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	into[object](t, w.call(t, "GET", "/api/v1/session", nil), 200)
	guess := func(way int) int {
		switch way % 3 {
		case 0:
			return w.callAs(t, "car_guess", "GET", "/api/v1/session", nil).status
		case 1:
			return w.callAs(t, "", "POST", "/api/v1/session", object{"key": "car_guess"}).status
		}
		request, _ := http.NewRequestWithContext(t.Context(), "GET", w.url+"/api/v1/session", nil)
		request.AddCookie(&http.Cookie{Name: "carillon", Value: "guess"})
		return do(t, request).status
	}
	statuses := map[int]int{}
	for i := 0; i < 500 && statuses[429] == 0; i++ {
		statuses[guess(i)]++
	}
	if statuses[401] < 10 || statuses[429] == 0 || len(statuses) != 2 {
		t.Errorf("%v", statuses)
	}
	into[object](t, w.call(t, "GET", "/api/v1/session", nil), 200)
}

func TestAKeyInAnAddressIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/jobs", "/session", "/feed", "/runs"} {
		for _, name := range []string{"key", "api_key", "access_token", "token"} {
			if r := w.callAs(t, "", "GET", "/api/v1"+path+"?"+name+"="+w.key, nil); r.status != 401 {
				t.Errorf("%s?%s: %d", path, name, r.status)
			}
		}
	}
}
