package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/mask"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/wire"
)

const clientSecret = "cl1ent/s3cr3t+"

// issuer is a token endpoint and a target that takes the newest token only.
type issuer struct {
	life   int // of a token, in seconds; 0 for none given
	issued atomic.Int64
	calls  atomic.Int64
	floor  atomic.Int64 // tokens up to this one are revoked
	asked  chan http.Request
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if id, secret, _ := r.BasicAuth(); id != "me" || secret != "cl1ent%2Fs3cr3t%2B" || r.Form.Get("grant_type") != "client_credentials" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	select {
	case i.asked <- *r:
	default:
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"t0ken-%d","token_type":"bearer","expires_in":%d}`, i.issued.Add(1), i.life)
}

func (i *issuer) target(w http.ResponseWriter, r *http.Request) {
	i.calls.Add(1)
	var n int64
	if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer t0ken-%d", &n); err != nil || n <= i.floor.Load() {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func issuing(t *testing.T, life int) (*issuer, *Prover, carillon.Target) {
	t.Helper()
	i := &issuer{life: life, asked: make(chan http.Request, 1)}
	tokens, target := serve(t, i.token), serve(t, i.target)
	return i, prover(t, known{"client": {clientSecret}}), carillon.Target{URL: target.URL, Auth: &carillon.Auth{OAuth2: &carillon.OAuth2{
		TokenURL: tokens.URL, ClientID: "me", Secret: "client", Scopes: []string{"a", "b"}, Audience: "https://api.example.com",
	}}}
}

func TestOneTokenServesAllCalls(t *testing.T) {
	t.Parallel()
	i, p, target := issuing(t, 3600)
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			status, hidden, err := do(t.Context(), p, target)
			if status != 200 || err != nil {
				t.Error(status, err)
			}
			if left := hidden.Clean("t0ken-1 " + clientSecret + " cl1ent%2Fs3cr3t%2B"); left != "(secret) (secret) (secret)" {
				t.Error(left)
			}
		})
	}
	calls.Wait()
	if i.issued.Load() != 1 || i.calls.Load() != 50 {
		t.Errorf("%d tokens for %d calls", i.issued.Load(), i.calls.Load())
	}
	asked := <-i.asked
	if asked.Form.Get("scope") != "a b" || asked.Form.Get("audience") != "https://api.example.com" {
		t.Errorf("asked for %v", asked.Form)
	}
}

func TestTheLastTokenIsHiddenLater(t *testing.T) {
	t.Parallel()
	_, p, target := issuing(t, 3600)
	if status, _, err := do(t.Context(), p, target); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	hidden := &mask.Mask{}
	p.Hide(&wire.Call{Namespace: "default", Target: target}, nil, hidden)
	if left := hidden.Clean("t0ken-1 " + clientSecret); left != "(secret) (secret)" {
		t.Error(left)
	}
}

func TestATokenIsReplacedBeforeItsEnd(t *testing.T) {
	t.Parallel()
	i, p, target := issuing(t, 1)
	eventually.Succeeds(t, func() error {
		if status, _, err := do(t.Context(), p, target); status != 200 || err != nil {
			t.Fatal(status, err)
		}
		if i.issued.Load() < 2 {
			return errors.New("one token still")
		}
		return nil
	})
}

func TestTokensAreUsedForAWhileOnly(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for life, want := range map[time.Duration]time.Duration{
		0: longestLife - longestMargin, time.Second: 750 * time.Millisecond, time.Hour: time.Hour - longestMargin, 24 * time.Hour: longestLife - longestMargin,
	} {
		expiry := now.Add(life)
		if life == 0 {
			expiry = time.Time{}
		}
		if got := useUntil(expiry, now).Sub(now); got != want {
			t.Errorf("%s: used for %s", life, got)
		}
	}
}

func TestARevokedTokenIsReplacedWithinTheAttempt(t *testing.T) {
	t.Parallel()
	i, p, target := issuing(t, 3600)
	if status, _, err := do(t.Context(), p, target); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	i.floor.Store(1)
	if status, _, err := do(t.Context(), p, target); status != 200 || err != nil || i.issued.Load() != 2 {
		t.Errorf("%d, %v after %d tokens", status, err, i.issued.Load())
	}
}

// A target that takes no token at all is asked twice at most.
func TestATargetThatRefusesFreshTokensIsLeftAlone(t *testing.T) {
	t.Parallel()
	i, p, target := issuing(t, 3600)
	i.floor.Store(1 << 60)
	for attempt := int64(1); attempt <= 3; attempt++ {
		if status, _, err := do(t.Context(), p, target); status != 401 || err != nil {
			t.Error(status, err)
		}
		if i.issued.Load() != attempt || i.calls.Load() != attempt {
			t.Errorf("%d tokens and %d calls in %d attempts", i.issued.Load(), i.calls.Load(), attempt)
		}
	}
}

func TestTwoNamespacesNeverShareAToken(t *testing.T) {
	t.Parallel()
	i, p, target := issuing(t, 3600)
	for _, namespace := range []string{"a", "b", "a"} {
		if _, err := p.tokens.get(t.Context(), namespace, target.Auth.OAuth2, clientSecret); err != nil {
			t.Fatal(err)
		}
	}
	if i.issued.Load() != 2 {
		t.Errorf("%d tokens", i.issued.Load())
	}
}

func TestWhatATokenEndpointSaysIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a known code": {say(400, `{"error":"invalid_client","error_description":"hunter2"}`), "the token endpoint answered 400 invalid_client"},
		"an odd code":  {say(400, `{"error":"hunter2"}`), "the token endpoint answered 400 Bad Request"},
		"its insides":  {say(500, "hunter2"), "the token endpoint answered 500 Internal Server Error"},
		"no token":     {say(200, `{"hunter2":1}`), "the token endpoint's answer holds no token"},
		"no JSON":      {say(200, "hunter2"), "the token endpoint's answer holds no token"},
		"a bad token":  {say(200, `{"access_token":"hunter2\nx: y"}`), "the token endpoint gave a token that no header can carry"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/hunter2", http.StatusTemporaryRedirect)
		}, "the token endpoint answered 307 Temporary Redirect"},
		"a cut":      {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the token endpoint closed the connection"},
		"a gigabyte": {say(200, strings.Repeat("x", 2<<20)), "the token endpoint's answer holds no token"},
	} {
		server := serve(t, c.answer)
		auth := &carillon.Auth{OAuth2: &carillon.OAuth2{TokenURL: server.URL, ClientID: "me", Secret: "client"}}
		_, _, err := do(t.Context(), prover(t, known{"client": {clientSecret}}), carillon.Target{URL: server.URL, Auth: auth})
		if refused, ok := errors.AsType[*Unproven](err); !ok || !strings.HasPrefix(refused.Reason, c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func say(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// The attempt's own time is what counts for its call; the fetching goes on for the next.
func TestAHangingTokenEndpointCostsTheAttemptItsTimeout(t *testing.T) {
	t.Parallel()
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the caller is gone
		<-r.Context().Done()
	})
	p := prover(t, known{"client": {clientSecret}})
	t.Cleanup(p.Close) // before the server's own end, which waits for its handlers
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	auth := &carillon.Auth{OAuth2: &carillon.OAuth2{TokenURL: server.URL, ClientID: "me", Secret: "client"}}
	if _, _, err := do(ctx, p, carillon.Target{URL: server.URL, Auth: auth}); err == nil || err.Error() != "no token came within the attempt's time" {
		t.Error(err)
	}
}

func TestAnEndpointThatIsNotThereKeepsTheNetworksError(t *testing.T) {
	t.Parallel()
	server := serve(t, nil)
	address := server.URL
	server.Close()
	auth := &carillon.Auth{OAuth2: &carillon.OAuth2{TokenURL: address, ClientID: "me", Secret: "client"}}
	_, _, err := do(t.Context(), prover(t, known{"client": {clientSecret}}), carillon.Target{URL: address, Auth: auth})
	if _, ok := errors.AsType[*Unreachable](err); !ok || !strings.HasPrefix(err.Error(), "the token endpoint: dial tcp") {
		t.Error(err)
	}
}
