package credential

import "sync"

// generation is how many values a generation of recent holds.
const generation = 512

// recent keeps what was made for the keys that were used last. When a generation
// is full it becomes the old one, and what is still in use moves on from there.
// It is safe for concurrent use.
type recent[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
}

// get returns the value of a key, made now if it is not there. A value that cannot
// be made is not kept.
func (r *recent[K, V]) get(key K, make func() (V, error)) (V, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if value, ok := r.young[key]; ok {
		return value, nil
	}
	value, ok := r.old[key]
	if !ok {
		var err error
		if value, err = make(); err != nil {
			return value, err
		}
	}
	r.put(key, value)
	return value, nil
}

func (r *recent[K, V]) put(key K, value V) {
	if r.young == nil || len(r.young) >= generation {
		r.old, r.young = r.young, map[K]V{}
	}
	r.young[key] = value
}

// each visits all values.
func (r *recent[K, V]) each(visit func(V)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, values := range []map[K]V{r.young, r.old} {
		for _, value := range values {
			visit(value)
		}
	}
}
