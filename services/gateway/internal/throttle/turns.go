package throttle

import (
	"context"
	"sync"
)

// Turns lets each of many do only so much at once, and forgets who does nothing.
// It is safe for concurrent use.
type Turns[K comparable] struct {
	most int

	mu     sync.Mutex
	places map[K]*places
}

// places are those of one. Who takes or awaits one counts among the users.
type places struct {
	taken chan struct{}
	users int
}

// NewTurns returns turns of which each has so many at once.
func NewTurns[K comparable](most int) *Turns[K] {
	return &Turns[K]{most: most, places: map[K]*places{}}
}

// Await waits for a turn, which lasts until leave is called. It fails with the error
// of ctx, if that ends first.
func (t *Turns[K]) Await(ctx context.Context, who K) (leave func(), err error) {
	p := t.join(who)
	select {
	case p.taken <- struct{}{}:
		return func() { <-p.taken; t.part(who, p) }, nil
	case <-ctx.Done():
		t.part(who, p)
		return nil, ctx.Err()
	}
}

// Try is Await for who does not wait; false if all of his turns are taken.
func (t *Turns[K]) Try(who K) (leave func(), ok bool) {
	p := t.join(who)
	select {
	case p.taken <- struct{}{}:
		return func() { <-p.taken; t.part(who, p) }, true
	default:
		t.part(who, p)
		return nil, false
	}
}

// Full reports whether all turns of somebody are taken.
func (t *Turns[K]) Full(who K) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.places[who]
	return ok && len(p.taken) == t.most
}

func (t *Turns[K]) join(who K) *places {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.places[who]
	if !ok {
		p = &places{taken: make(chan struct{}, t.most)}
		t.places[who] = p
	}
	p.users++
	return p
}

func (t *Turns[K]) part(who K, p *places) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.users--; p.users == 0 {
		delete(t.places, who)
	}
}
