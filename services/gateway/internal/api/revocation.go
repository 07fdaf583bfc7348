package api

import (
	"context"
	"errors"
	"time"
)

// revalidateEvery is how soon a client feels that its key was revoked.
const revalidateEvery = time.Second

// revokedError says why a client may not go on.
type revokedError struct{ error }

// revalidate ends with ctx, or ends it when the client may not go on.
func (v *viewer) revalidate(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(revalidateEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := v.valid(ctx); err != nil {
				cancel(&revokedError{err})
			}
		case <-ctx.Done():
			return
		}
	}
}

// revocation is why a client may not go on, once a context has ended for that; else
// nil.
func revocation(ctx context.Context) error {
	if revoked, ok := errors.AsType[*revokedError](context.Cause(ctx)); ok {
		return revoked
	}
	return nil
}
