package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
)

// Target is an endpoint that takes its time, like a real one, and counts.
type Target struct {
	listener net.Listener
	server   *http.Server

	mu       sync.Mutex
	inFlight int
	peak     int // since the last reset
}

// StartTarget serves the endpoint on loopback. Its address is kept in a file,
// because the jobs of earlier starts call it there.
func StartTarget(addressFile string) (*Target, error) {
	address := "127.0.0.1:0"
	kept, err := os.ReadFile(addressFile)
	if err == nil {
		address = strings.TrimSpace(string(kept))
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the demo's endpoint cannot listen on %s, where its jobs call it: is another program using it? (%w)", address, err)
	}
	t := &Target{listener: listener}
	t.server = &http.Server{Handler: t, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = t.server.Serve(listener) }() // ends with Stop
	return t, os.WriteFile(addressFile, []byte(t.Address()+"\n"), 0o644)
}

// Address is where the endpoint listens, as ip:port.
func (t *Target) Address() string { return t.listener.Addr().String() }

// Stop ends the endpoint, calls in flight included. A nil Target has nothing to end.
func (t *Target) Stop() {
	if t != nil {
		_ = t.server.Close()
	}
}

// ServeHTTP answers after 100 to 300 ms.
func (t *Target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.enter()
	defer t.leave()
	lull.For(r.Context(), 100*time.Millisecond+rand.N(200*time.Millisecond))
	fmt.Fprintln(w, "ok")
}

func (t *Target) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight++
	t.peak = max(t.peak, t.inFlight)
}

func (t *Target) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
}

// load returns how many calls are in flight and the most since the last reset.
func (t *Target) load() (inFlight, peak int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inFlight, t.peak
}

// reset starts the count of the peak anew.
func (t *Target) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.peak = t.inFlight
}
