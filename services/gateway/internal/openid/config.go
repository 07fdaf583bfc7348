// Package openid lets people log in with an OpenID Connect provider, by the
// authorization code flow with PKCE.
//
//	browser ─▶ Begin ─▶ provider: who are you? ─▶ browser ─▶ Finish ─▶ a person
//	             └── attempt, in a cookie ────────────────────▶┘
//
// The attempt binds the two halves to one browser: the state that comes back must be
// the one in the cookie, the ID token must hold its nonce, and the code is worth
// nothing without its verifier. So neither a stolen code nor one that somebody
// foists upon a browser logs anybody in. Nothing is kept in the gateway, so another
// one may finish.
//
// What a person may do is said by the settings: of the grants, the first whose group
// the provider says he is in. Whoever is in none of them is refused.
package openid

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
)

// Config is how to reach the provider and what its groups mean.
type Config struct {
	// Issuer is the provider's address; without it, nobody logs in like this.
	Issuer       string `env:"CARILLON_OIDC_ISSUER"`
	ClientID     string `env:"CARILLON_OIDC_CLIENT_ID"`
	ClientSecret string `env:"CARILLON_OIDC_CLIENT_SECRET"`
	// URL is the address of the gateway as browsers see it; its PublicURL by default.
	URL string `env:"CARILLON_OIDC_URL"`
	// Scopes are asked for beside openid.
	Scopes []string `env:"CARILLON_OIDC_SCOPES" envDefault:"profile,email"`
	// Claim of the ID token has a person's groups, or one of them.
	Claim string `env:"CARILLON_OIDC_CLAIM" envDefault:"groups"`
	// Grants are what groups may do, with semicolons between them.
	Grants []Grant `env:"CARILLON_OIDC_GRANTS" envSeparator:";"`
}

// Grant is what a group may do: ops=admin, or cn=billing=editor@billing+invoices.
type Grant struct {
	Group string
	Role  keyring.Role
	Scope scope.Scope
}

// UnmarshalText reads a grant. The group ends at the last equals sign.
func (g *Grant) UnmarshalText(text []byte) error {
	given := strings.TrimSpace(string(text))
	at := strings.LastIndexByte(given, '=')
	if at <= 0 {
		return fmt.Errorf("%q must look like group=role or group=role@namespace+namespace", given)
	}
	role, namespaces, limited := strings.Cut(given[at+1:], "@")
	*g = Grant{Group: given[:at], Role: keyring.Role(role), Scope: scope.All()}
	if limited {
		names := strings.Split(namespaces, "+")
		if slices.Contains(names, "") {
			return fmt.Errorf("%q names a namespace without a name", given)
		}
		g.Scope = scope.Of(names)
	}
	if !slices.Contains(keyring.Roles(), g.Role) {
		return fmt.Errorf("%q is none of the roles viewer, operator, editor and admin", role)
	}
	return nil
}

// check says what is missing.
func (c Config) check() error {
	var missing []error
	for name, value := range map[string]string{
		"CARILLON_OIDC_CLIENT_ID": c.ClientID, "CARILLON_OIDC_URL": c.URL,
	} {
		if value == "" {
			missing = append(missing, fmt.Errorf("CARILLON_OIDC_ISSUER needs %s too", name))
		}
	}
	if len(c.Grants) == 0 {
		missing = append(missing, errors.New("CARILLON_OIDC_ISSUER needs CARILLON_OIDC_GRANTS too: without any, nobody may log in"))
	}
	return errors.Join(missing...)
}
