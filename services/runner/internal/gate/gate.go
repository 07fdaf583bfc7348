// Package gate decides whether a run may call its host now, so that a bad host
// hurts only itself.
//
// A run that may not is held: parked in the stream for a while, as a retry is, but
// without using up an attempt. It holds no slot then. Three things hold it:
//
//	cooldown   the host asked for it        until then; shared by all runners
//	breaker    the host failed in a row     until a probe is good
//	crowd      the host does not answer     until it does
//
// The crowd is what saves a queue from a host that accepts and never answers:
// before its first calls have timed out, and the breaker can know, they would have
// taken every slot. So a host that has not answered yet gets a quarter of what this
// runner has in hand of the queue, and two calls at least. Further ones wait for an
// answer for a moment, in their slots; if none comes, they are held, and those after
// them at once. With the first answer there is room for all.
//
// A run that comes at a pace never waits in its slot: those that wait for one answer
// would be called together, whenever their turns had been. It is held at once, and a
// host whose last call was answered has room for all for a moment.
//
// If no other host is seen in the queue when they come back, there is nobody to be
// saved, and they are called.
//
// A host that is known to be slow gets the benefit of the doubt for twice the time
// that it took: held back, it would only be slower.
//
// A run is held by breaker and crowd for a few minutes at most. Then it is called
// all the same, so that a run to a dead host ends as its retry policy says, instead
// of waiting for ever.
//
// What is exact: cooldowns, but for the milliseconds that their news takes. Breaker
// and crowd are each runner's own: n runners send n probes, and give a silent host n
// shares of what they have in hand, a quarter of the slots together. All slots can
// be taken once, until the calls time out, by a slow host that dies while nobody
// calls it, and by a dead one that has the queue to itself, before others come.
//
// No call is ever refused by the gate itself: it only puts it off.
package gate

import (
	"context"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/services/runner/internal/cooldown"
	"github.com/carillon-cron/carillon/shared/wire"
)

const (
	// silence is how long a host may be quiet before no more calls are given to it.
	silence = 250 * time.Millisecond
	// patience is how long breaker and crowd hold a run between two attempts.
	patience = 5 * time.Minute
	// share is the part of a queue's runs in hand, one in share, that may wait for
	// a host that has not answered; least is the least of them.
	share, least = 4, 2
	// mostHosts is the number of hosts from which those in order are forgotten.
	mostHosts = 8192
)

// Gate keeps count of hosts. It is safe for concurrent use.
type Gate struct {
	cooldowns *cooldown.Set
	announce  func(host string, until time.Time)
	jitter    backoff.Jitter

	mu     sync.Mutex
	hosts  map[string]*host
	queues map[string]*queue
}

// New returns a gate that knows no host. It calls announce with every cooldown
// that is news here.
func New(cooldowns *cooldown.Set, announce func(host string, until time.Time), jitter backoff.Jitter) *Gate {
	return &Gate{cooldowns: cooldowns, announce: announce, jitter: jitter, hosts: make(map[string]*host), queues: make(map[string]*queue)}
}

// Enter returns nil when the run may be called; its caller owes a [Gate.Leave].
// Else it returns why not, or nothing but a Hold if ctx ended. It may take a moment,
// but not for a run that is paced: that is to be called now, or later.
func (g *Gate) Enter(ctx context.Context, run *wire.Run, call *wire.Call, paced bool) *Hold {
	name := hostOf(call.Target.URL)
	g.mu.Lock()
	defer g.mu.Unlock()
	h, q := g.host(name), g.queue(call.Queue)
	h.visitors++
	q.enter(name, time.Now())
	hold := g.pass(ctx, name, h, q, run, paced)
	if hold != nil {
		h.visitors--
		q.inHand--
	}
	return hold
}

// pass waits for its turn. The lock is held, but not while it waits.
func (g *Gate) pass(ctx context.Context, name string, h *host, q *queue, run *wire.Run, paced bool) *Hold {
	for {
		now := time.Now()
		if left := g.cooldowns.Left(name, now); left > 0 {
			return g.hold(Cooldown, name, left, now)
		}
		if run.HeldSince == nil || now.Sub(*run.HeldSince) < patience {
			if wait := h.breaker.Wait(now); wait > 0 {
				return g.hold(Broken, name, h.pace(now, wait), now)
			}
			alone := run.Holds > 0 && !q.shared(name, now)
			if !alone && !h.room(now, max(least, q.inHand/share), paced) {
				if quiet := now.Sub(h.quietSince); quiet >= silence || paced {
					return g.hold(Crowded, name, h.pace(now, min(quiet, longestCrowd)), now)
				}
				if !g.await(ctx, h, h.quietSince.Add(silence).Sub(now)) {
					return &Hold{}
				}
				continue
			}
		}
		h.begin(now)
		return nil
	}
}

// await waits for news of a host, for a time at most. It reports whether ctx goes
// on. The lock is held before and after.
func (g *Gate) await(ctx context.Context, h *host, most time.Duration) bool {
	news := h.listen()
	g.mu.Unlock()
	defer g.mu.Lock()
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-news:
	case <-late.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// Leave tells the gate what came of a call that it let through.
func (g *Gate) Leave(call *wire.Call, attempt *wire.Attempt) {
	name, now := hostOf(call.Target.URL), time.Now()
	g.mu.Lock()
	h := g.host(name)
	h.end(attempt, now)
	h.visitors--
	g.queue(call.Queue).inHand--
	g.mu.Unlock()
	if attempt.Cooldown && g.cooldowns.Extend(name, *attempt.RetryAt, now) {
		g.announce(name, *attempt.RetryAt)
	}
}

// queue returns what is seen of a queue. There are tens of them, so none is
// forgotten. The lock is held.
func (g *Gate) queue(name string) *queue {
	known := g.queues[name]
	if known == nil {
		known = &queue{}
		g.queues[name] = known
	}
	return known
}

// host returns what is known of a host. The lock is held.
func (g *Gate) host(name string) *host {
	if known := g.hosts[name]; known != nil {
		return known
	}
	if len(g.hosts) >= mostHosts {
		g.forget()
	}
	fresh := &host{}
	g.hosts[name] = fresh
	return fresh
}

// forget drops the hosts that nobody calls: those in order, or, if that are too
// few, all.
func (g *Gate) forget() {
	for name, h := range g.hosts {
		if h.visitors == 0 && h.breaker.Idle() {
			delete(g.hosts, name)
		}
	}
	if len(g.hosts) < mostHosts/2 {
		return
	}
	for name, h := range g.hosts {
		if h.visitors == 0 {
			delete(g.hosts, name)
		}
	}
}
