package schedule

import (
	"sync"
	"weak"
)

// pool holds the schedules that are in use, by the key of what they were
// compiled from, so that equal ones are compiled once and stored once. It keeps
// none alive. It is safe for concurrent use.
type pool struct {
	mu      sync.Mutex
	entries map[key]weak.Pointer[Schedule]
	most    int // entries before those of schedules that are gone are looked for
}

// compiled are the schedules of this process.
var compiled = pool{entries: map[key]weak.Pointer[Schedule]{}}

// get returns the schedule of a key, or nil.
func (p *pool) get(k key) *Schedule {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.entries[k].Value()
}

// put takes in a schedule.
func (p *pool) put(k key, s *Schedule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.entries) >= p.most {
		p.sweep()
	}
	p.entries[k] = weak.Make(s)
}

// sweep forgets the schedules that are gone. It is due again when there are
// twice as many entries as it left, so that it costs little for each of them.
func (p *pool) sweep() {
	const fewest = 1024
	for k, s := range p.entries {
		if s.Value() == nil {
			delete(p.entries, k)
		}
	}
	p.most = max(2*len(p.entries), fewest)
}
