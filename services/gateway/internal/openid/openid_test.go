package openid

import (
	"errors"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/google/go-cmp/cmp"
)

func grants(t *testing.T, texts ...string) (all []Grant) {
	t.Helper()
	for _, text := range texts {
		var grant Grant
		if err := grant.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		all = append(all, grant)
	}
	return all
}

func TestTheFirstGrantThatFitsCounts(t *testing.T) {
	t.Parallel()
	config := Config{Claim: "groups", Grants: grants(t, "ops=admin", "cn=billing,ou=teams=editor@billing+invoices", "staff=viewer")}
	billing := scope.Of([]string{"billing", "invoices"})
	for name, test := range map[string]struct {
		claims map[string]any
		want   login.Person
		err    error
	}{
		"the strongest first":     {map[string]any{"sub": "1", "groups": []any{"staff", "ops"}}, login.Person{Name: "1 (OpenID)", Role: keyring.Admin, Scope: scope.All()}, nil},
		"a name with its equals":  {map[string]any{"sub": "1", "groups": []any{"cn=billing,ou=teams"}}, login.Person{Name: "1 (OpenID)", Role: keyring.Editor, Scope: billing}, nil},
		"one group as a string":   {map[string]any{"sub": "1", "groups": "staff"}, login.Person{Name: "1 (OpenID)", Role: keyring.Viewer, Scope: scope.All()}, nil},
		"a verified address":      {map[string]any{"sub": "1", "email": "a@b", "email_verified": true, "groups": "staff"}, login.Person{Name: "a@b (OpenID)", Role: keyring.Viewer, Scope: scope.All()}, nil},
		"an unverified address":   {map[string]any{"sub": "1", "email": "a@b", "groups": "staff"}, login.Person{Name: "1 (OpenID)", Role: keyring.Viewer, Scope: scope.All()}, nil},
		"part of a name":          {map[string]any{"sub": "1", "groups": []any{"op", "ops2", "OPS"}}, login.Person{}, ErrNoGrant},
		"no groups":               {map[string]any{"sub": "1"}, login.Person{}, ErrNoGrant},
		"groups of another shape": {map[string]any{"sub": "1", "groups": map[string]any{"ops": true}}, login.Person{}, ErrNoGrant},
		"groups that are numbers": {map[string]any{"sub": "1", "groups": []any{1.0, nil}}, login.Person{}, ErrNoGrant},
	} {
		got, err := config.person(test.claims)
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(scope.Scope{})); diff != "" || !errors.Is(err, test.err) {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestAnAddressCountsAsAGroupOnlyIfItIsVerified(t *testing.T) {
	t.Parallel()
	config := Config{Claim: "email", Grants: grants(t, "ann@example.com=admin")}
	claims := map[string]any{"sub": "1", "email": "ann@example.com"}
	if _, err := config.person(claims); !errors.Is(err, ErrNoGrant) {
		t.Error(err)
	}
	claims["email_verified"] = true
	if who, err := config.person(claims); err != nil || who.Role != keyring.Admin {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestMalformedGrantsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "ops", "=admin", "ops=", "ops=root", "ops=admin@", "ops=admin@a++b", "ops=Admin"} {
		if err := new(Grant).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("CARILLON_OIDC_ISSUER", "https://login.example.com")
	t.Setenv("CARILLON_OIDC_GRANTS", "ops=admin;cn=billing,ou=teams=editor@billing")
	t.Setenv("CARILLON_OIDC_SCOPES", "groups,email")
	var config Config
	if err := service.Load(&config); err != nil {
		t.Fatal(err)
	}
	if len(config.Grants) != 2 || config.Grants[1].Group != "cn=billing,ou=teams" || len(config.Scopes) != 2 || config.Claim != "groups" {
		t.Errorf("%+v", config)
	}
	_, err := New(config)
	for _, name := range []string{"CARILLON_OIDC_CLIENT_ID", "CARILLON_OIDC_URL"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not missed: %v", name, err)
		}
	}
}
