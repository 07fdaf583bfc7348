package ring

import (
	"context"
	"errors"
	"fmt"
)

// ErrOvertaken says that a reader was so slow that the ring has forgotten the
// value that it stood before.
var ErrOvertaken = errors.New("ring: reader was overtaken")

// Reset says that values between a reader's position and Sequence cannot be
// read here. The reader goes on after Sequence.
type Reset struct {
	Reason   string
	Sequence uint64
}

// Error makes a Reset an error of [Cursor.Next].
func (r *Reset) Error() string { return fmt.Sprintf("ring: reset to %d: %s", r.Sequence, r.Reason) }

// The reasons of a reset.
const (
	reasonBroken  = "events were lost on their way to this gateway"
	reasonUnknown = "this gateway does not hold the events after the given sequence"
)

// Cursor is a reader's position. It is for one goroutine at a time, and needs
// no closing.
type Cursor[T any] struct {
	ring    *Ring[T]
	next    uint64
	series  int
	unknown bool // the reader asked for what the ring does not hold, and is still to be told
}

// Live returns a cursor that reads what comes from now on.
func (r *Ring[T]) Live() *Cursor[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Cursor[T]{ring: r, next: r.last + 1, series: r.series}
}

// After returns a cursor that reads everything after a sequence. If the ring
// does not hold all of that, the first Next is a [Reset].
func (r *Ring[T]) After(sequence uint64) *Cursor[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := sequence+1 >= r.first && sequence <= r.last
	return &Cursor[T]{ring: r, next: sequence + 1, series: r.series, unknown: !held}
}

// Await waits until the ring has seen a sequence, or until ctx ends.
func (r *Ring[T]) Await(ctx context.Context, sequence uint64) {
	for {
		changed := r.changedBefore(sequence)
		if changed == nil {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// changedBefore is changed, or nil if the ring has seen a sequence.
func (r *Ring[T]) changedBefore(sequence uint64) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.series > 0 && sequence <= r.last {
		return nil
	}
	return r.changed()
}

// Next appends to into the values that come next, at most as many as fit into
// its capacity, and waits until there is one. It fails with a [Reset], after
// which the reader may go on, with [ErrOvertaken], or with the context's error.
func (c *Cursor[T]) Next(ctx context.Context, into []T) ([]T, error) {
	for {
		values, changed, err := c.look(into)
		if err != nil || len(values) > len(into) {
			return values, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return into, ctx.Err()
		}
	}
}

// Position is the sequence after which the cursor reads on.
func (c *Cursor[T]) Position() uint64 { return c.next - 1 }

// Waits reports whether Next would wait.
func (c *Cursor[T]) Waits() bool {
	c.ring.mu.Lock()
	defer c.ring.mu.Unlock()
	return c.series == c.ring.series && !c.unknown && c.next > c.ring.last
}

func (c *Cursor[T]) look(into []T) (values []T, changed <-chan struct{}, err error) {
	r := c.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case c.series != r.series:
		return into, nil, c.jump(r.first-1, reasonBroken)
	case c.unknown:
		return into, nil, c.jump(r.last, reasonUnknown)
	case c.next < r.first:
		return into, nil, ErrOvertaken
	}
	for c.next <= r.last && len(into) < cap(into) {
		into = append(into, r.at(c.next).value)
		c.next++
	}
	return into, r.changed(), nil
}

// jump moves the cursor behind a sequence that it did not read up to.
func (c *Cursor[T]) jump(sequence uint64, reason string) error {
	c.next, c.series, c.unknown = sequence+1, c.ring.series, false
	return &Reset{Reason: reason, Sequence: sequence}
}
