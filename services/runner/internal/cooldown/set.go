// Package cooldown knows which hosts have asked not to be called for a while.
//
// A target that answers 429 or 503 may say when to come back (Retry-After, RFC
// 9110 §10.2.3). That is the host's word for all its callers, so the runner that
// hears it writes it into the controls bucket, and every runner follows the bucket:
//
//	answer ──▶ set of this runner ──▶ controls ──▶ sets of the others
//
// The runner that was told holds to it at once, the others a few milliseconds
// later. One that starts takes no run before it knows all cooldowns. What could
// not be written, because NATS is away, the others hear from the host itself.
//
// A cooldown only ever grows, and ends by itself: at the latest after a day,
// whatever the host says. Deleting its key ends it now.
package cooldown

import (
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
)

const (
	// longest bounds a cooldown.
	longest = 24 * time.Hour
	// step is how much longer a cooldown must be to be news: the answers of many
	// calls at once differ by moments.
	step = time.Second
	// prunedAt is the number of hosts from which those that are over are dropped.
	prunedAt = 1024
)

// Set holds the cooldowns that are known. It is safe for concurrent use.
type Set struct {
	mu    sync.RWMutex
	until map[string]time.Time // by host
}

// NewSet returns a set without cooldowns.
func NewSet() *Set { return &Set{until: make(map[string]time.Time)} }

// Left returns for how long a host must not be called from now on; 0 for not at all.
func (s *Set) Left(host string, now time.Time) time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	until, ok := s.until[host]
	if !ok {
		return 0
	}
	return max(0, until.Sub(now))
}

// Extend takes a cooldown in, up to a day from now, and reports whether it is
// news: it ends well after what was known.
func (s *Set) Extend(host string, until, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if latest := now.Add(longest); until.After(latest) {
		until = latest
	}
	if !until.After(now) || until.Before(s.until[host].Add(step)) {
		return false
	}
	s.prune(now)
	s.until[host] = until
	return true
}

// end ends the cooldown of the host whose subject this is.
func (s *Set) end(subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for host := range s.until {
		if topology.Cooldown(host) == subject {
			delete(s.until, host)
		}
	}
}

// prune drops what is over once there is much. The lock is held.
func (s *Set) prune(now time.Time) {
	if len(s.until) < prunedAt {
		return
	}
	for host, until := range s.until {
		if !until.After(now) {
			delete(s.until, host)
		}
	}
}
