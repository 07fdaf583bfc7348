package system

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// journal is an endpoint that takes its time and writes down every call.
type journal struct {
	url   string
	delay time.Duration

	mu    sync.Mutex
	calls []*call
}

// call is one request as the target saw it.
type call struct {
	path, key string
	job       string // its name
	fire      time.Time
	began     time.Time
	ended     time.Time // zero while it lasts
	cut       bool      // the caller went away
}

func newJournal(t *testing.T, delay time.Duration) *journal {
	t.Helper()
	j := &journal{delay: delay}
	server := httptest.NewServer(j)
	t.Cleanup(server.Close)
	j.url = server.URL
	return j
}

func (j *journal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := j.begin(r)
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the caller is gone
	cut := false
	select {
	case <-time.After(j.delay):
	case <-r.Context().Done():
		cut = true
	}
	j.mu.Lock()
	c.ended, c.cut = time.Now(), cut
	j.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (j *journal) begin(r *http.Request) *call {
	fire, _ := time.Parse(time.RFC3339Nano, r.Header.Get("Carillon-Fire-Time"))
	c := &call{
		path: strings.TrimPrefix(r.URL.Path, "/"), key: r.Header.Get("Idempotency-Key"), job: r.Header.Get("Carillon-Job"),
		fire: fire, began: time.Now(),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, c)
	return c
}

// all returns the calls so far whose path begins with a prefix, as they began.
func (j *journal) all(prefix string) (calls []call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.calls {
		if strings.HasPrefix(c.path, prefix) {
			calls = append(calls, *c)
		}
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.began.UnixNano(), b.began.UnixNano()) })
	return calls
}
