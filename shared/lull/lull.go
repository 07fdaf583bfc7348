// Package lull waits for a while and no longer than a context lasts: between two
// tries, or two looks.
package lull

import (
	"context"
	"time"
)

// For returns after d, or when ctx ends if that is sooner. Whether it has ended the
// caller asks for himself, most often in the condition of a loop.
func For(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
