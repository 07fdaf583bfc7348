package api

import (
	"context"
	"sync"

	"github.com/gofiber/contrib/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var feedClients = promauto.NewGauge(prometheus.GaugeOpts{
	Name: "carillon_gateway_feed_clients", Help: "Clients connected to the live feed.",
})

// sessions are the feed clients of one API. fasthttp forgets a connection once
// it has become a WebSocket, so somebody else must know when all are gone.
type sessions struct {
	mu      sync.Mutex
	ctx     context.Context
	closed  bool // nobody counts any more who is there
	running sync.WaitGroup
}

// open lets clients in until ctx ends.
func (all *sessions) open(ctx context.Context) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.ctx = ctx
}

// serve serves one client. One that comes too late is only told so.
func (all *sessions) serve(s *session, conn *websocket.Conn) {
	ctx, leave := all.enter()
	defer leave()
	feedClients.Inc()
	defer feedClients.Dec()
	s.conn = conn
	s.run(ctx)
}

func (all *sessions) enter() (ctx context.Context, leave func()) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.closed {
		return all.ctx, func() {}
	}
	all.running.Add(1)
	return all.ctx, all.running.Done
}

// wait returns when all clients are gone, which the context's end makes them.
func (all *sessions) wait() {
	all.mu.Lock()
	all.closed = true
	all.mu.Unlock()
	all.running.Wait()
}
