package api

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/carillon-cron/carillon/services/gateway/internal/throttle"
)

// TestGuessesTogetherAreNoMore has a thousand guesses arrive before the first of them
// is answered.
func TestGuessesTogetherAreNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &API{strangers: throttle.New[netip.Addr](), guessers: throttle.NewTurns[netip.Addr](guessesAtOnce)}
		from := netip.MustParseAddr("192.0.2.1")
		var looked atomic.Int64
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				_ = a.guess(t.Context(), from, func() error {
					looked.Add(1)
					time.Sleep(time.Millisecond)
					return openid.ErrRefused
				})
			})
		}
		all.Wait()
		if n := looked.Load(); n < 2*guesses || n >= 2*guesses+guessesAtOnce {
			t.Errorf("%d guesses were looked at", n)
		}
	})
}
