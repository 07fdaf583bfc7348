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

// prepared is a call with its target made ready. It is shared and never changed.
type prepared struct {
	*wire.Call
	target Target
}

// calls decodes the bodies of ready messages. All runs of a job's revision have
// the very same body, so what is made of it is kept: that would be a fifth of
// what a runner spends on a run. When a generation is full it becomes the old
// one, and what is still in use moves on from there. Safe for concurrent use.
type calls struct {
	prepare    func(*wire.Call) Target
	mu         sync.Mutex
	young, old map[string]*prepared
}

func newCalls(prepare func(*wire.Call) Target) *calls {
	return &calls{prepare: prepare, young: make(map[string]*prepared)}
}

// decode returns the call of a body; the caller must not change it.
func (c *calls) decode(body []byte) (*prepared, error) {
	if known := c.find(body); known != nil {
		return known, nil
	}
	call, err := wire.Decode[wire.Call](body)
	if err != nil {
		return nil, err
	}
	made := &prepared{&call, c.prepare(&call)}
	if len(body) <= keptBytes {
		c.keep(string(body), made)
	}
	return made, nil
}

func (c *calls) find(body []byte) *prepared {
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

func (c *calls) keep(body string, call *prepared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(body, call)
}

func (c *calls) put(body string, call *prepared) {
	if len(c.young) >= keptCalls {
		c.old, c.young = c.young, make(map[string]*prepared, keptCalls)
	}
	c.young[body] = call
}
