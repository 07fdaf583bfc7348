package audit

import "io"

// Source yields records one by one. It ends with io.EOF, or with why there are
// no more.
type Source[T any] func() (T, error)

// peeker shows the next record of a source before it is taken.
type peeker[T any] struct {
	source Source[T]
	head   T     // valid while err is nil
	err    error // io.EOF at the end
}

func newPeeker[T any](source Source[T]) *peeker[T] {
	p := &peeker[T]{source: source}
	p.advance()
	return p
}

func (p *peeker[T]) advance() { p.head, p.err = p.source() }

// sound reports whether the source has not failed.
func (p *peeker[T]) sound() bool { return p.err == nil || p.err == io.EOF }

// failure is why the source failed, or nil.
func (p *peeker[T]) failure() error {
	if p.sound() {
		return nil
	}
	return p.err
}
