// Package weakmap remembers values for as long as somebody else uses them, so
// that equal things are made and stored once.
//
// The garbage collector decides when a value is gone. What stays behind is the
// entry, a key and a few bytes; entries are swept when they have doubled, so that
// it costs little for each, and there are at most twice as many as were in use at
// the last sweep, or a thousand.
package weakmap

import (
	"sync"
	"weak"
)

// Map holds values by key and keeps none alive. The zero Map is empty. It is safe
// for concurrent use.
type Map[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]weak.Pointer[V]
	most    int // entries before the next sweep
}

// Get returns the value of a key, or nil if none is in use.
func (m *Map[K, V]) Get(key K) *V {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[key].Value()
}

// Put remembers a value, in place of another one of its key.
func (m *Map[K, V]) Put(key K, value *V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.entries) >= m.most {
		m.sweep()
	}
	m.entries[key] = weak.Make(value)
}

// sweep forgets the entries whose values are gone.
func (m *Map[K, V]) sweep() {
	const fewest = 1024
	kept := make(map[K]weak.Pointer[V], fewest)
	for key, value := range m.entries {
		if value.Value() != nil {
			kept[key] = value
		}
	}
	m.entries, m.most = kept, max(2*len(kept), fewest)
}
