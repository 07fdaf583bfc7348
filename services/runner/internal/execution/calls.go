package execution

import (
	"sync"

	"github.com/carillon-cron/carillon/shared/wire"
)

const (
	// keptCalls is how many decoded calls a generation holds.
	keptCalls = 8192
	// keptBytes is the longest body that is kept: beyond it, decoding is the
	// smaller part of a call's cost.
	keptBytes = 4 << 10
)

// calls decodes the bodies of ready messages. All runs of a job's revision have
// the very same body, so its decoded form is kept: decoding would be a fifth of
// what a runner spends on a run. When a generation is full it becomes the old
// one, and what is still in use moves on from there. Safe for concurrent use.
type calls struct {
	mu         sync.Mutex
	young, old map[string]*wire.Call
}

func newCalls() *calls { return &calls{young: make(map[string]*wire.Call)} }

// decode returns the call of a body; the caller must not change it.
func (c *calls) decode(body []byte) (*wire.Call, error) {
	if known := c.find(body); known != nil {
		return known, nil
	}
	call, err := wire.Decode[wire.Call](body)
	if err != nil {
		return nil, err
	}
	if len(body) <= keptBytes {
		c.keep(string(body), &call)
	}
	return &call, nil
}

func (c *calls) find(body []byte) *wire.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.young[string(body)]; known != nil {
		return known
	}
	known := c.old[string(body)]
	if known != nil {
		c.put(string(body), known)
	}
	return known
}

func (c *calls) keep(body string, call *wire.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(body, call)
}

func (c *calls) put(body string, call *wire.Call) {
	if len(c.young) >= keptCalls {
		c.old, c.young = c.young, make(map[string]*wire.Call, keptCalls)
	}
	c.young[body] = call
}
