package carillon

import (
	"crypto/x509"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Limits on what proves a caller.
const (
	maxUsername       = 255
	maxScopes         = 50
	maxScopeBytes     = 255
	maxAuthorityBytes = 64 << 10
	maxSigningSecrets = 5
)

// Auth is how a call proves who makes it: exactly one of its forms. Secrets are
// named, never held; they are those of the job's namespace.
type Auth struct {
	Bearer *Bearer `json:"bearer,omitempty" doc:"Sends a secret as a bearer token."`
	Basic  *Basic  `json:"basic,omitempty" doc:"Sends a user name, and a secret as the password."`
	OAuth2 *OAuth2 `json:"oauth2,omitempty" doc:"Gets a token for client credentials (RFC 6749, 4.4), keeps it for as long as it holds, and sends it as a bearer token."`
	MTLS   *MTLS   `json:"mtls,omitempty" doc:"Shows a client certificate. The address must begin with https."`
}

// Bearer sends a secret as a bearer token.
type Bearer struct {
	Secret string `json:"secret" doc:"Name of the secret." maxLength:"63" example:"report-token"`
}

// Basic sends a user name, and a secret as the password (RFC 7617).
type Basic struct {
	Username string `json:"username" doc:"User name, without a colon." maxLength:"255" example:"carillon"`
	Secret   string `json:"secret" doc:"Name of the secret that is the password." maxLength:"63" example:"report-password"`
}

// OAuth2 gets tokens by client credentials.
type OAuth2 struct {
	TokenURL string   `json:"token_url" doc:"Address of the token endpoint." maxLength:"2048" example:"https://login.example.com/oauth2/token"`
	ClientID string   `json:"client_id" doc:"Id of the client." maxLength:"255" example:"carillon"`
	Secret   string   `json:"secret" doc:"Name of the secret that is the client's." maxLength:"63" example:"report-client"`
	Scopes   []string `json:"scopes,omitempty" doc:"Scopes to ask for." maxItems:"50"`
	Audience string   `json:"audience,omitempty" doc:"Audience to ask for, where the token endpoint wants one." maxLength:"2048"`
}

// MTLS shows a client certificate.
type MTLS struct {
	Secret string `json:"secret" doc:"Name of the secret that holds the certificate, its chain and its key as PEM." maxLength:"63" example:"report-certificate"`
	CA     string `json:"ca,omitempty" doc:"Certificates, as PEM, of the authorities that the target's certificate may come from; those of the system by default." maxLength:"65536"`
}

// Signing signs calls as Standard Webhooks says (standardwebhooks.com).
type Signing struct {
	Secrets []string `json:"secrets" doc:"Names of the secrets to sign with, each whsec_ and base64. Every one signs, and so does the version before it." minItems:"1" maxItems:"5"`
}

func (a *Auth) validate(target *Target) error {
	if a == nil {
		return nil
	}
	var faults fault.Faults
	forms := 0
	check := func(given bool, name string, validate func() error) {
		if given {
			forms++
			faults.Nest(name, validate())
		}
	}
	check(a.Bearer != nil, "bearer", func() error { return secretFault("secret", a.Bearer.Secret) })
	check(a.Basic != nil, "basic", func() error { return a.Basic.validate() })
	check(a.OAuth2 != nil, "oauth2", func() error { return a.OAuth2.validate() })
	check(a.MTLS != nil, "mtls", func() error { return a.MTLS.validate(target.URL) })
	if forms != 1 {
		faults.Add("", "must have exactly one of bearer, basic, oauth2 and mtls, not %d", forms)
	}
	if a.MTLS == nil && target.sets("Authorization") {
		faults.Add("", "sets the header Authorization, and so do the headers: leave one of them out")
	}
	return faults.Err()
}

func (b *Basic) validate() error {
	var faults fault.Faults
	if b.Username == "" || len(b.Username) > maxUsername || strings.Contains(b.Username, ":") || !printable(b.Username) {
		faults.Add("username", "must be 1 to %d printable characters without a colon", maxUsername)
	}
	faults.Nest("", secretFault("secret", b.Secret))
	return faults.Err()
}

func (o *OAuth2) validate() error {
	var faults fault.Faults
	if problem := fixedURLProblem(o.TokenURL); problem != "" {
		faults.Add("token_url", "%s", problem)
	}
	if o.ClientID == "" || len(o.ClientID) > maxUsername || !printable(o.ClientID) {
		faults.Add("client_id", "must be 1 to %d printable characters", maxUsername)
	}
	faults.Nest("", secretFault("secret", o.Secret))
	if len(o.Scopes) > maxScopes {
		faults.Add("scopes", "must be at most %d, not %d", maxScopes, len(o.Scopes))
	}
	for i, scope := range o.Scopes {
		if scope == "" || len(scope) > maxScopeBytes || !printable(scope) || strings.Contains(scope, " ") {
			faults.Add(fmt.Sprintf("scopes[%d]", i), "must be 1 to %d printable characters without a blank", maxScopeBytes)
		}
	}
	if len(o.Audience) > maxURLBytes || !printable(o.Audience) {
		faults.Add("audience", "must be at most %d printable characters", maxURLBytes)
	}
	return faults.Err()
}

func (m *MTLS) validate(target string) error {
	var faults fault.Faults
	faults.Nest("", secretFault("secret", m.Secret))
	if m.CA != "" && (len(m.CA) > maxAuthorityBytes || !x509.NewCertPool().AppendCertsFromPEM([]byte(m.CA))) {
		faults.Add("ca", "must be certificates as PEM, at most 64 KiB")
	}
	if u, err := origin(target); err == nil && u.Scheme == "http" {
		faults.Add("", "needs an address that begins with https")
	}
	return faults.Err()
}

func (s *Signing) validate(target *Target) error {
	if s == nil {
		return nil
	}
	var faults fault.Faults
	if len(s.Secrets) < 1 || len(s.Secrets) > maxSigningSecrets {
		faults.Add("secrets", "must be 1 to %d names, not %d", maxSigningSecrets, len(s.Secrets))
	}
	for i, name := range s.Secrets {
		faults.Nest("", secretFault(fmt.Sprintf("secrets[%d]", i), name))
	}
	if target.sets("Webhook-Id", "Webhook-Timestamp", "Webhook-Signature") {
		faults.Add("", "sets the headers webhook-id, webhook-timestamp and webhook-signature: leave them out of the headers")
	}
	return faults.Err()
}

// sets reports whether the target's own headers have one of these.
func (t *Target) sets(canonical ...string) bool {
	for name := range t.Headers {
		for _, wanted := range canonical {
			if textproto.CanonicalMIMEHeaderKey(name) == wanted {
				return true
			}
		}
	}
	return false
}
