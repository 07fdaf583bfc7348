package api

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/carillon-cron/carillon/services/gateway/internal/throttle"
	"github.com/google/uuid"
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
	viewers atomic.Int64
	shares  *throttle.Turns[uuid.UUID] // of those who may view, by their keys
}

// open lets clients in until ctx ends.
func (all *sessions) open(ctx context.Context) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.ctx = ctx
}

const (
	// maxViewers bounds the clients of one gateway's feed.
	maxViewers = 10_000
	// shareOfViewers bounds those with one key: nobody takes all places.
	shareOfViewers = 2000
)

// full reports whether there are as many clients as are let in, or as many with one
// key.
func (all *sessions) full(key uuid.UUID) bool {
	return all.viewers.Load() >= maxViewers || all.shares.Full(key)
}

// admit counts a client in, until leave; false if there are too many. One that
// comes too late gets a context that has ended.
func (all *sessions) admit(key uuid.UUID) (ctx context.Context, leave func(), ok bool) {
	giveBack, ok := all.shares.Try(key)
	if !ok {
		return nil, nil, false
	}
	if all.viewers.Add(1) > maxViewers {
		all.viewers.Add(-1)
		giveBack()
		return nil, nil, false
	}
	ctx, end := all.enter()
	feedClients.Inc()
	return ctx, func() { feedClients.Dec(); all.viewers.Add(-1); giveBack(); end() }, true
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
