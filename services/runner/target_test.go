package runner_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// target is an HTTP server that counts its calls.
type target struct {
	*httptest.Server
	mu       sync.Mutex
	now      int
	most     int
	requests []*http.Request
}

// newTarget serves answer; nil answers 200.
func newTarget(tb testing.TB, answer http.HandlerFunc) *target {
	tb.Helper()
	t := &target{}
	t.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // unread, it would hide from the server that its client left
		t.begin(r)
		defer t.end()
		if answer != nil {
			answer(w, r)
		}
	}))
	tb.Cleanup(func() {
		t.CloseClientConnections() // ends handlers that wait for their client
		t.Close()
	})
	return t
}

func (t *target) begin(r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = append(t.requests, r)
	t.now++
	t.most = max(t.most, t.now)
}

func (t *target) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now--
}

// calls is how many requests have come.
func (t *target) calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.requests)
}

// ended is how many requests have been answered.
func (t *target) ended() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.requests) - t.now
}

// header lists a header's value in each request.
func (t *target) header(name string) (values []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, request := range t.requests {
		values = append(values, request.Header.Get(name))
	}
	return values
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func fail(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
