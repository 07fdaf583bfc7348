package throttle

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBurstsPassAndAPaceDoesNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := New[string]()
		take := func(who string, n int) (taken int) {
			for range n {
				if throttle.Take(who, 10) == 0 {
					taken++
				}
			}
			return taken
		}
		if n := take("a", 100); n != 20 {
			t.Errorf("at first: %d", n)
		}
		wait := throttle.Take("a", 10)
		if wait <= 0 || wait > 100*time.Millisecond || throttle.Empty("a") != wait {
			t.Errorf("the next is in %v, or in %v", wait, throttle.Empty("a"))
		}
		if n := take("b", 1); n != 1 || throttle.Empty("b") != 0 || throttle.Empty("c") != 0 {
			t.Error("another one has to wait")
		}
		time.Sleep(time.Second)
		if n := take("a", 100); n != 10 {
			t.Errorf("a second later: %d", n)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	throttle := New[int]()
	for i := range 3 * capacity {
		throttle.Take(i, 1)
	}
	if n := throttle.buckets.Len(); n != capacity {
		t.Errorf("%d buckets", n)
	}
}
