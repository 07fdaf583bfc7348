package client

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTheKeyGoesNowhereElse answers each request with a redirect to another port of
// the same host, to which an HTTP client would take the key along.
func TestTheKeyGoesNowhereElse(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was called with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect} {
		server := httptest.NewServer(http.RedirectHandler(other.URL+"/new", status))
		c := New(server.URL, "secret")
		if err := c.Do(t.Context(), http.MethodPost, "/jobs", map[string]string{}, nil); err == nil || !strings.Contains(err.Error(), "sends to "+other.URL+"/new") {
			t.Errorf("%d: %v", status, err)
		}
		if _, err := c.Follow(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "sends to "+other.URL+"/new") {
			t.Errorf("%d, the feed: %v", status, err)
		}
		server.Close()
	}
}
