package system

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// target is an endpoint that takes its time and counts what reaches it.
type target struct {
	url   string
	delay time.Duration

	mu       sync.Mutex
	inFlight int
	peak     int
	calls    map[string]int // by Idempotency-Key
	parents  map[string]string
	first    map[string]time.Time // when a key came first
}

func newTarget(t *testing.T, delay time.Duration) *target {
	t.Helper()
	tg := &target{delay: delay, calls: map[string]int{}, parents: map[string]string{}, first: map[string]time.Time{}}
	server := httptest.NewServer(tg)
	t.Cleanup(server.Close)
	tg.url = server.URL
	return tg
}

func (tg *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	tg.enter(key, r.Header.Get("traceparent"))
	defer tg.leave()
	select {
	case <-time.After(tg.delay):
	case <-r.Context().Done():
	}
	w.WriteHeader(http.StatusNoContent)
}

func (tg *target) enter(key, parent string) {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	if tg.calls[key]++; tg.calls[key] == 1 {
		tg.first[key] = time.Now()
	}
	tg.parents[key] = parent
	tg.inFlight++
	tg.peak = max(tg.peak, tg.inFlight)
}

func (tg *target) leave() {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	tg.inFlight--
}

// counts returns the calls so far by key, and the most that were in flight.
func (tg *target) counts() (calls map[string]int, peak int) {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	return maps.Clone(tg.calls), tg.peak
}

func (tg *target) parent(key string) string {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	return tg.parents[key]
}

// lateness returns by how much the first calls of a window's runs were late, in
// order.
func (tg *target) lateness(from, to time.Time) (late []time.Duration) {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	for key, at := range tg.first {
		if fire := carillon.RunTime(uuid.MustParse(key)); !fire.Before(from) && fire.Before(to) {
			late = append(late, at.Sub(fire))
		}
	}
	slices.Sort(late)
	return late
}
