package credential

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/runner/internal/mask"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// known are secrets by name, of the namespace default: the value and the one before.
type known map[string][]string

func (k known) Resolve(namespace, secret string) (string, bool) {
	values := k.ResolveAll(namespace, secret)
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

func (k known) ResolveAll(namespace, secret string) []string {
	if namespace != "default" {
		return nil
	}
	return k[secret]
}

// copies makes copies of a transport that shake hands as they are told.
func copies(of *http.Transport) func(*tls.Config) *http.Transport {
	return func(shown *tls.Config) *http.Transport {
		if of.TLSClientConfig != nil && shown.RootCAs == nil {
			shown.RootCAs = of.TLSClientConfig.RootCAs
		}
		made := of.Clone()
		made.TLSClientConfig = shown
		return made
	}
}

func prover(t *testing.T, secrets known) *Prover {
	t.Helper()
	transport := &http.Transport{ForceAttemptHTTP2: true}
	p := New(secrets, transport, copies(transport))
	t.Cleanup(func() { p.Close(); transport.CloseIdleConnections() })
	return p
}

func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server
}

// do makes a request with a proof, and returns its status.
func do(ctx context.Context, p *Prover, target carillon.Target) (int, *mask.Mask, error) {
	request, err := http.NewRequestWithContext(ctx, "POST", target.URL, strings.NewReader("hello"))
	if err != nil {
		return 0, nil, err
	}
	hidden := &mask.Mask{}
	response, err := p.Do(&http.Client{}, request, uuid.New(), &wire.Call{Namespace: "default", Target: target}, hidden)
	if err != nil {
		return 0, hidden, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, hidden, nil
}

func bearer(secret string) *carillon.Auth {
	return &carillon.Auth{Bearer: &carillon.Bearer{Secret: secret}}
}

func TestBearerAndBasicAreSentInTheHeader(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Authorization") })
	p := prover(t, known{"token": {"s3cr3t\n", "older"}, "password": {"pä:ss"}})
	for want, auth := range map[string]*carillon.Auth{
		"Bearer s3cr3t":      bearer("token"),
		"Basic bWU6cMOkOnNz": {Basic: &carillon.Basic{Username: "me", Secret: "password"}},
		"Basic bWU6czNjcjN0": {Basic: &carillon.Basic{Username: "me", Secret: "token"}},
	} {
		status, hidden, err := do(t.Context(), p, carillon.Target{URL: server.URL, Auth: auth})
		if err != nil || status != 200 {
			t.Fatal(status, err)
		}
		header := <-got
		if header != want {
			t.Errorf("got %q, want %q", header, want)
		}
		if _, value, _ := strings.Cut(header, " "); strings.Contains(hidden.Clean("x "+header), value) {
			t.Errorf("%q is not hidden", header)
		}
	}
}

func TestWithoutItsSecretNoCallIsMade(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") })
	p := prover(t, known{"two-lines": {"hunter2\nx: y"}, "text": {"hunter2"}, "short": {"whsec_c2hvcnQ="}})
	for name, c := range map[string]struct {
		target carillon.Target
		want   string
	}{
		"bearer":          {carillon.Target{Auth: bearer("none")}, "the secret none is not there"},
		"basic":           {carillon.Target{Auth: &carillon.Auth{Basic: &carillon.Basic{Username: "me", Secret: "none"}}}, "the secret none is not there"},
		"oauth2":          {carillon.Target{Auth: &carillon.Auth{OAuth2: &carillon.OAuth2{TokenURL: server.URL, ClientID: "me", Secret: "none"}}}, "the secret none is not there"},
		"mtls":            {carillon.Target{Auth: &carillon.Auth{MTLS: &carillon.MTLS{Secret: "none"}}}, "the secret none is not there"},
		"signing":         {carillon.Target{Signing: &carillon.Signing{Secrets: []string{"none"}}}, "the secret none is not there"},
		"a smuggled line": {carillon.Target{Auth: bearer("two-lines")}, "the secret two-lines has characters"},
		"no certificate":  {carillon.Target{Auth: &carillon.Auth{MTLS: &carillon.MTLS{Secret: "text"}}}, "the secret text is not a certificate"},
		"no signing key":  {carillon.Target{Signing: &carillon.Signing{Secrets: []string{"text"}}}, "the secret text is no signing key"},
		"a short key":     {carillon.Target{Signing: &carillon.Signing{Secrets: []string{"short"}}}, "the secret short is no signing key"},
		"a kind to come":  {carillon.Target{Auth: &carillon.Auth{}}, "this runner does not know"},
	} {
		c.target.URL = server.URL
		_, _, err := do(t.Context(), p, c.target)
		if refused, ok := errors.AsType[*Unproven](err); !ok || !strings.HasPrefix(refused.Reason, c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecentKeepsWhatIsInUse(t *testing.T) {
	t.Parallel()
	var r recent[int, int]
	made := 0
	get := func(key int) {
		if value, err := r.get(key, func() (int, error) { made++; return key, nil }); value != key || err != nil {
			t.Errorf("%d: %d, %v", key, value, err)
		}
	}
	for key := range 10 * generation {
		get(key)
		get(0)
	}
	if made != 10*generation || len(r.young)+len(r.old) > 2*generation {
		t.Errorf("%d made, %d kept", made, len(r.young)+len(r.old))
	}
	if _, err := r.get(-1, func() (int, error) { return 0, io.EOF }); err == nil {
		t.Error("no error")
	}
}
