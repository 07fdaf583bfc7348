package gate

import (
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/breaker"
	"github.com/carillon-cron/carillon/shared/wire"
)

// host is what is known of one.
type host struct {
	breaker    breaker.Breaker
	visitors   int           // runs at the gate or behind it
	inFlight   int           // calls
	quietSince time.Time     // its last answer, or the first call since nothing was in flight
	answered   bool          // since nothing was in flight, and since it was last silent
	slowest    time.Duration // how long its answers take, at their worst of late
	news       chan struct{} // closed with the next answer; nil if nobody listens
	nextBack   time.Time     // when the next run that is held may come back
}

// pace returns a wait, at least the given one, after which no other held run of the
// host comes back.
func (h *host) pace(now time.Time, wait time.Duration) time.Duration {
	at := now.Add(max(wait, shortest))
	if at.Before(h.nextBack) {
		at = h.nextBack
	}
	at = earlier(at, now.Add(patience))
	h.nextBack = at.Add(apart)
	return at.Sub(now)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// room reports whether the host may be given another call when it has part of
// them for a start. Where nobody waits for an answer, the last one counts.
func (h *host) room(now time.Time, part int, paced bool) bool {
	trusted := h.answered || h.slowest > silence || paced && h.slowest > 0
	return h.inFlight < part || trusted && now.Sub(h.quietSince) <= max(silence, 2*h.slowest)
}

func (h *host) begin(now time.Time) {
	if h.inFlight == 0 {
		h.quietSince, h.answered = now, false
	}
	h.inFlight++
	h.breaker.Begin()
}

func (h *host) end(attempt *wire.Attempt, now time.Time) {
	h.inFlight--
	took := attempt.FinishedAt.Sub(attempt.StartedAt)
	result := resultOf(attempt)
	h.breaker.End(attempt.StartedAt, now, result)
	switch {
	case result == breaker.Unknown:
	case attempt.Status != 0 || took < silence: // a quick refusal holds no slot
		h.heard(now, took)
	default:
		h.answered, h.slowest = false, 0
	}
}

// heard notes an answer, and lets those know who wait for one.
func (h *host) heard(now time.Time, took time.Duration) {
	h.quietSince, h.answered, h.nextBack = now, true, time.Time{}
	h.slowest = max(took, h.slowest-(h.slowest-took)/8)
	if h.news != nil {
		close(h.news)
		h.news = nil
	}
}

func (h *host) listen() <-chan struct{} {
	if h.news == nil {
		h.news = make(chan struct{})
	}
	return h.news
}

// resultOf is what an attempt says of its host: that it is out of order, or that
// it is not. An answer that only this call did not want is good. One that was cut
// off or never reached the host, for want of a proof, says nothing.
func resultOf(attempt *wire.Attempt) breaker.Result {
	switch attempt.Class {
	case wire.ClassInterrupted, wire.ClassBlocked, wire.ClassAuth:
		return breaker.Unknown
	case wire.ClassConnect, wire.ClassDNS, wire.ClassTimeout:
		return breaker.Silent
	case wire.ClassStatus:
		if attempt.Status >= 500 {
			return breaker.Error
		}
	}
	return breaker.Good
}

// hostOf returns the host in a valid address, with the port unless it is the one
// that the scheme implies, and without the dot of the root. It takes no memory of its
// own unless there are capitals, or a port behind that dot.
func hostOf(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	implied := ":80"
	if strings.EqualFold(scheme, "https") {
		implied = ":443"
	}
	name, port, found := strings.Cut(strings.TrimSuffix(rest, implied), ".:")
	if found {
		return strings.ToLower(name) + ":" + port
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
