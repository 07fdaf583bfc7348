package carillon_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

type target = carillon.Target

func bearer(secret string) *carillon.Auth {
	return &carillon.Auth{Bearer: &carillon.Bearer{Secret: secret}}
}

func oauth2() *carillon.Auth {
	return &carillon.Auth{OAuth2: &carillon.OAuth2{
		TokenURL: "https://login.example.com/token", ClientID: "me", Secret: "client", Scopes: []string{"a", "b:c"}, Audience: "https://api.example.com",
	}}
}

func authority(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestEachKindOfAuthIsTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*target){
		"bearer": func(t *target) { t.Auth = bearer("token") },
		"basic":  func(t *target) { t.Auth = &carillon.Auth{Basic: &carillon.Basic{Username: "Jürgen", Secret: "x"}} },
		"oauth2": func(t *target) { t.Auth = oauth2() },
		"mtls":   func(t *target) { t.Auth = &carillon.Auth{MTLS: &carillon.MTLS{Secret: "pair"}} },
		"mtls and a header": func(t *target) {
			t.Auth = &carillon.Auth{MTLS: &carillon.MTLS{Secret: "pair"}}
			t.Headers = map[string]string{"Authorization": "x"}
		},
		"signing":            func(t *target) { t.Signing = &carillon.Signing{Secrets: []string{"a", "b"}} },
		"signing and bearer": func(t *target) { t.Signing = &carillon.Signing{Secrets: []string{"a"}}; t.Auth = bearer("a") },
	} {
		doc := valid()
		change(&doc.Target)
		if err := doc.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	doc := valid()
	doc.Target.Auth = &carillon.Auth{MTLS: &carillon.MTLS{Secret: "pair", CA: authority(t)}}
	if err := doc.Validate(); err != nil {
		t.Error(err)
	}
}

func TestFaultyAuthIsRefusedByItsFields(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 1<<16+1)
	for name, c := range map[string]struct {
		change func(*target)
		want   []string
	}{
		"no form":               {func(t *target) { t.Auth = &carillon.Auth{} }, []string{"target.auth"}},
		"two forms":             {func(t *target) { t.Auth = bearer("a"); t.Auth.OAuth2 = oauth2().OAuth2 }, []string{"target.auth"}},
		"no name":               {func(t *target) { t.Auth = bearer("") }, []string{"target.auth.bearer.secret"}},
		"a dot":                 {func(t *target) { t.Auth = bearer("other.token") }, []string{"target.auth.bearer.secret"}},
		"a star":                {func(t *target) { t.Auth = bearer("*") }, []string{"target.auth.bearer.secret"}},
		"another namespace":     {func(t *target) { t.Auth = bearer("other/token") }, []string{"target.auth.bearer.secret"}},
		"a huge name":           {func(t *target) { t.Auth = bearer(huge) }, []string{"target.auth.bearer.secret"}},
		"two Authorizations":    {func(t *target) { t.Auth = bearer("a"); t.Headers = map[string]string{"authorization": "x"} }, []string{"target.auth"}},
		"a colon in a user":     {func(t *target) { t.Auth = &carillon.Auth{Basic: &carillon.Basic{Username: "a:b", Secret: "*"}} }, []string{"target.auth.basic.username", "target.auth.basic.secret"}},
		"empty oauth2":          {func(t *target) { t.Auth = &carillon.Auth{OAuth2: &carillon.OAuth2{}} }, []string{"target.auth.oauth2.token_url", "target.auth.oauth2.client_id", "target.auth.oauth2.secret"}},
		"a password in a url":   {func(t *target) { t.Auth = oauth2(); t.Auth.OAuth2.TokenURL = "https://a:b@example.com" }, []string{"target.auth.oauth2.token_url"}},
		"blank scope":           {func(t *target) { t.Auth = oauth2(); t.Auth.OAuth2.Scopes = []string{"a", "b c", ""} }, []string{"target.auth.oauth2.scopes[1]", "target.auth.oauth2.scopes[2]"}},
		"many scopes":           {func(t *target) { t.Auth = oauth2(); t.Auth.OAuth2.Scopes = slices.Repeat([]string{"a"}, 51) }, []string{"target.auth.oauth2.scopes"}},
		"lines in the audience": {func(t *target) { t.Auth = oauth2(); t.Auth.OAuth2.Audience = "a\nb" }, []string{"target.auth.oauth2.audience"}},
		"mtls without tls": {func(t *target) {
			t.URL = "http://example.com"
			t.Auth = &carillon.Auth{MTLS: &carillon.MTLS{Secret: "a"}}
		}, []string{"target.auth.mtls"}},
		"mtls without tls, filled in": {func(t *target) {
			t.URL = "http://example.com/%{{run_id}}"
			t.Auth = &carillon.Auth{MTLS: &carillon.MTLS{Secret: "a"}}
		}, []string{"target.auth.mtls"}},
		"a token url to fill in": {func(t *target) { t.Auth = oauth2(); t.Auth.OAuth2.TokenURL = "https://a.example.com/{{run_id}}" }, []string{"target.auth.oauth2.token_url"}},
		"ca of text":             {func(t *target) { t.Auth = &carillon.Auth{MTLS: &carillon.MTLS{Secret: "a", CA: "x"}} }, []string{"target.auth.mtls.ca"}},
		"huge ca":                {func(t *target) { t.Auth = &carillon.Auth{MTLS: &carillon.MTLS{Secret: "a", CA: huge}} }, []string{"target.auth.mtls.ca"}},
		"signing with nothing":   {func(t *target) { t.Signing = &carillon.Signing{} }, []string{"target.signing.secrets"}},
		"signing with many":      {func(t *target) { t.Signing = &carillon.Signing{Secrets: slices.Repeat([]string{"a"}, 6)} }, []string{"target.signing.secrets"}},
		"signing with a dot":     {func(t *target) { t.Signing = &carillon.Signing{Secrets: []string{"a", "b.c"}} }, []string{"target.signing.secrets[1]"}},
		"two signatures": {func(t *target) {
			t.Signing = &carillon.Signing{Secrets: []string{"a"}}
			t.Headers = map[string]string{"webhook-ID": "x"}
		}, []string{"target.signing"}},
	} {
		doc := valid()
		c.change(&doc.Target)
		if diff := cmp.Diff(c.want, fields(t, doc.Validate())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSecretUsesNamesEachPlace(t *testing.T) {
	t.Parallel()
	doc := valid()
	if got := doc.SecretUses(); got != nil {
		t.Errorf("got %v", got)
	}
	doc.Target.Auth = &carillon.Auth{
		Bearer: &carillon.Bearer{Secret: "a"}, Basic: &carillon.Basic{Secret: "b"}, OAuth2: &carillon.OAuth2{Secret: "c"}, MTLS: &carillon.MTLS{Secret: "d"},
	}
	doc.Target.Signing = &carillon.Signing{Secrets: []string{"e", "a"}}
	doc.Target.URL += "/{{secret.u}}"
	doc.Target.Body = "{{secret.b-1 | json}} {{ secret.b-2 }} {{secret.b-1}} {{run_id}}"
	doc.Target.Headers = map[string]string{"X-B": "{{secret.y}}", "X-A": "{{secret.x}}", "X-C": "{{broken"}
	want := []carillon.SecretUse{
		{Field: "target.auth.bearer.secret", Secret: "a"}, {Field: "target.auth.basic.secret", Secret: "b"},
		{Field: "target.auth.oauth2.secret", Secret: "c"}, {Field: "target.auth.mtls.secret", Secret: "d"},
		{Field: "target.url", Secret: "u"}, {Field: "target.body", Secret: "b-1"}, {Field: "target.body", Secret: "b-2"},
		{Field: "target.headers", Secret: "x"}, {Field: "target.headers", Secret: "y"},
		{Field: "target.signing.secrets[0]", Secret: "e"}, {Field: "target.signing.secrets[1]", Secret: "a"},
	}
	if diff := cmp.Diff(want, doc.SecretUses()); diff != "" {
		t.Error(diff)
	}
}
