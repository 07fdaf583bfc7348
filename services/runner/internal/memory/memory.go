// Package memory remembers which deliveries a runner has in hand or is done with.
//
// A message is delivered again when its acknowledgement was lost on the way, or
// when the server was away for longer than its ack wait. The runner that had it
// the first time then knows better than to call the target again: if it is still
// at it, the first delivery answers for both; if it is done, an acknowledgement is
// all that is missing. Another runner knows nothing of this and calls again,
// with the same idempotency key; that is what at-least-once means.
//
// The memory of what is done is bounded, oldest out first: it must reach back
// over an ack wait or two, not further.
package memory

import (
	"sync"

	"github.com/google/uuid"
)

// Key names one turn of one run: an attempt, a time that it was held before it, or
// the end of its wait for a callback.
type Key struct {
	Run     uuid.UUID
	Attempt int
	Hold    int
	Waited  bool
}

// Standing is what the memory knows of a key.
type Standing int

// The standings.
const (
	Fresh   Standing = iota // never seen, or handed back
	Running                 // in hand
	Done                    // recorded; only the acknowledgement may be missing
)

// Memory holds the standings. It is safe for concurrent use.
type Memory struct {
	mu       sync.Mutex
	standing map[Key]Standing
	done     []Key // a ring, once it is full
	oldest   int
}

// New returns a memory of as many keys done as size, which is at least 1.
func New(size int) *Memory {
	return &Memory{standing: make(map[Key]Standing), done: make([]Key, 0, size)}
}

// Begin returns what is known of a key. A fresh one is in hand from here on; its
// caller owes a [Memory.Finish] or a [Memory.Forget].
func (m *Memory) Begin(key Key) Standing {
	m.mu.Lock()
	defer m.mu.Unlock()
	standing := m.standing[key]
	if standing == Fresh {
		m.standing[key] = Running
	}
	return standing
}

// Finish remembers that a key in hand is done.
func (m *Memory) Finish(key Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.standing[key] = Done
	if len(m.done) < cap(m.done) {
		m.done = append(m.done, key)
		return
	}
	delete(m.standing, m.done[m.oldest])
	m.done[m.oldest] = key
	m.oldest = (m.oldest + 1) % len(m.done)
}

// Forget drops a key in hand, which was handed back undone.
func (m *Memory) Forget(key Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.standing, key)
}
