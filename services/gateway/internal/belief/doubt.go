package belief

import (
	"context"
	"log/slog"
	"time"
)

// doubtEvery is how long something may be believed that was revoked elsewhere.
const doubtEvery = freshFor

// Standing returns those of some hashes that still stand for something.
type Standing func(ctx context.Context, hashes [][]byte) ([][]byte, error)

// Doubt asks, until ctx ends, whether what is known still stands, and forgets what does
// not. While Postgres cannot say, all of it stays as it is.
func (b *Belief[T]) Doubt(ctx context.Context, standing Standing) error {
	tick := time.NewTicker(doubtEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if err := b.doubtOnce(ctx, standing); err != nil {
			slog.Debug("what is believed was not confirmed", "error", err)
		}
	}
}

func (b *Belief[T]) doubtOnce(ctx context.Context, standing Standing) error {
	known := b.believed()
	if len(known) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	still, err := standing(ctx, known)
	if err != nil {
		return err
	}
	stands := make(map[Hash]bool, len(still))
	for _, hash := range still {
		stands[Hash(hash)] = true
	}
	for _, hash := range known {
		if !stands[Hash(hash)] {
			b.Forget(Hash(hash))
		}
	}
	return nil
}

// believed lists what would be believed, and forgets the rest.
func (b *Belief[T]) believed() (hashes [][]byte) {
	for _, hash := range b.known.Keys() {
		if last, ok := b.known.Peek(hash); ok && last.believable(keptFor) {
			hashes = append(hashes, hash[:])
		} else {
			b.known.Remove(hash)
		}
	}
	return hashes
}
