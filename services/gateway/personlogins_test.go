package gateway

import (
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
)

// TestAPersonHasSoManyLogins counts them: each has a rate of its own.
func TestAPersonHasSoManyLogins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	logins := login.New(w.pool)
	begin := func(name string) string {
		t.Helper()
		cookie, err := logins.ByPerson(t.Context(), login.Person{Name: name, Role: keyring.Viewer, Scope: scope.All()})
		if err != nil {
			t.Fatal(err)
		}
		return cookie.Secret
	}
	other := begin("ben (OpenID)")
	first, last := begin("ann (OpenID)"), ""
	for range 25 {
		last = begin("ann (OpenID)")
	}
	if n := w.count(t, `SELECT count(*) FROM logins WHERE name = 'ann (OpenID)'`); n != 20 {
		t.Errorf("%d logins of one person", n)
	}
	for name, secret := range map[string]string{"another's": other, "the newest": last} {
		if _, err := logins.Find(t.Context(), secret); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := logins.Find(t.Context(), first); err == nil {
		t.Error("the oldest goes on")
	}
}
