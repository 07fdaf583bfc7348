package credential

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// signingKey is a Standard Webhooks secret.
func signingKey(seed string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(seed, 32)))
}

// TestEveryReceiverVerifies through a change of the key: whoever knows the key, the
// one before, or another of the job's.
func TestEveryReceiverVerifies(t *testing.T) {
	t.Parallel()
	secrets := known{"first": {signingKey("b"), signingKey("a")}, "second": {signingKey("c") + "\n", "no key"}}
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for seed, want := range map[string]bool{"a": true, "b": true, "c": true, "d": false} {
			hook, err := standardwebhooks.NewWebhook(signingKey(seed))
			if err != nil {
				t.Error(err)
			}
			if err := hook.Verify(body, r.Header); (err == nil) != want {
				t.Errorf("%s: %v", seed, err)
			}
			if err := hook.Verify(append(body, '!'), r.Header); err == nil {
				t.Errorf("%s verifies another body", seed)
			}
		}
	})
	status, _, err := do(t.Context(), prover(t, secrets), carillon.Target{URL: server.URL, Signing: &carillon.Signing{Secrets: []string{"first", "second"}}})
	if status != 200 || err != nil {
		t.Error(status, err)
	}
}
