package lull

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestALullEndsInTimeOrWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		for _, want := range []time.Duration{2 * time.Second, time.Second, 0} {
			began := time.Now()
			For(ctx, 2*time.Second)
			if took := time.Since(began); took != want {
				t.Errorf("waited %s, not %s", took, want)
			}
		}
	})
}
