package ring

import "sync"

// Ring holds the newest values of a series, at most so many and at most so many
// bytes of them. It is safe for concurrent use.
type Ring[T any] struct {
	mu          sync.Mutex
	slots       []slot[T] // the value with sequence s is in slots[s % len]
	first, last uint64    // the ring is empty when first == last+1
	bytes       int
	maxBytes    int
	series      int           // counts the unbroken series, from 1 on once one has begun
	woken       chan struct{} // closed at the next change; nil while nobody waits
}

type slot[T any] struct {
	value T
	size  int
}

// New returns a ring that has not begun: it holds nothing, and a cursor on it
// is reset when its first series begins.
func New[T any](capacity, maxBytes int) *Ring[T] {
	return &Ring[T]{slots: make([]slot[T], capacity), first: 1, maxBytes: maxBytes}
}

// Begin says that everything up to last has passed, seen here or not. It starts
// a new series if that is beyond what the ring has seen.
func (r *Ring[T]) Begin(last uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.series == 0 || last > r.last {
		r.begin(last)
		r.wake()
	}
}

// Restart says that the source counts anew and has got to last: a new series,
// whatever the ring has seen.
func (r *Ring[T]) Restart(last uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(last)
	r.wake()
}

// Append adds the value with the given sequence. A sequence seen before is
// ignored; one that leaves a hole begins a new series. Size is what the value
// weighs towards the ring's limit of bytes.
func (r *Ring[T]) Append(sequence uint64, value T, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.series > 0 && sequence <= r.last {
		return
	}
	if r.series == 0 || sequence != r.last+1 {
		r.begin(sequence - 1)
	}
	for r.length() > 0 && (r.length() == len(r.slots) || r.bytes+size > r.maxBytes) {
		r.drop()
	}
	*r.at(sequence) = slot[T]{value, size}
	r.last = sequence
	r.bytes += size
	r.wake()
}

// Forget drops all values, for the sake of their memory. The series goes on.
func (r *Ring[T]) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.length() > 0 {
		r.drop()
	}
}

func (r *Ring[T]) begin(last uint64) {
	for r.length() > 0 {
		r.drop()
	}
	r.first, r.last = last+1, last
	r.series++
}

// drop forgets the oldest value.
func (r *Ring[T]) drop() {
	oldest := r.at(r.first)
	r.bytes -= oldest.size
	*oldest = slot[T]{}
	r.first++
}

func (r *Ring[T]) length() int { return int(r.last + 1 - r.first) }

func (r *Ring[T]) at(sequence uint64) *slot[T] { return &r.slots[sequence%uint64(len(r.slots))] }

func (r *Ring[T]) wake() {
	if r.woken != nil {
		close(r.woken)
		r.woken = nil
	}
}

// changed returns a channel that the next change closes.
func (r *Ring[T]) changed() <-chan struct{} {
	if r.woken == nil {
		r.woken = make(chan struct{})
	}
	return r.woken
}
