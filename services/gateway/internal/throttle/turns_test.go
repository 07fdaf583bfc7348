package throttle

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestEachHasSoManyTurnsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns[string](2)
		first, _ := turns.Try("a")
		second, _ := turns.Try("a")
		if _, ok := turns.Try("a"); ok || !turns.Full("a") || turns.Full("b") {
			t.Error("a third turn at once")
		}
		other, ok := turns.Try("b")
		if !ok {
			t.Error("another one has to wait")
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := turns.Await(short, "a"); err == nil {
			t.Error("a third turn at once")
		}
		go func() { time.Sleep(time.Second); first() }()
		third, err := turns.Await(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		for _, leave := range []func(){second, third, other} {
			leave()
		}
		if n := len(turns.places); n != 0 {
			t.Errorf("%d are remembered", n)
		}
	})
}
