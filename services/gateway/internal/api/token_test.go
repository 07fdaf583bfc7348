package api

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/ping"
	"github.com/carillon-cron/carillon/services/gateway/internal/throttle"
	"github.com/danielgtaylor/huma/v2"
)

func TestWrongTokensWaitAndRightOnesDoNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &API{intruders: throttle.New[netip.Addr]()}
		from := bearer{netip.MustParseAddr("192.0.2.1")}
		wrong := func() error { return a.byToken(from, true, func() error { return ping.ErrUnknown }) }
		right := func(ask bool) error { return a.byToken(from, ask, func() error { return nil }) }
		for range 1000 {
			if err := right(true); err != nil {
				t.Fatal(err)
			}
		}
		looked := 0
		for errors.Is(wrong(), ping.ErrUnknown) {
			looked++
		}
		if looked != 2*tokenGuesses {
			t.Errorf("%d wrong tokens at once were looked at", looked)
		}
		headers, ok := errors.AsType[huma.HeadersError](right(true))
		if !ok || headers.GetHeaders().Get("Retry-After") != "1" {
			t.Error("who has shown too many is not told to wait")
		}
		for range 1000 {
			if err := right(false); err != nil {
				t.Fatal("a token that is known waits:", err)
			}
		}
		elsewhere := bearer{netip.MustParseAddr("192.0.2.2")}
		if err := a.byToken(elsewhere, true, func() error { return nil }); err != nil {
			t.Error("others wait, too:", err)
		}
		time.Sleep(time.Second)
		for looked = 0; errors.Is(wrong(), ping.ErrUnknown); looked++ {
		}
		if looked != tokenGuesses {
			t.Errorf("%d more a second later", looked)
		}
		if status, _ := errors.AsType[huma.StatusError](wrong()); status.GetStatus() != http.StatusTooManyRequests {
			t.Error(status)
		}
	})
}
