package eventually_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/shared/eventually"
)

func TestSucceedsWaitsForTheCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ready := time.Now().Add(5 * time.Second)
		eventually.Succeeds(t, func() error {
			if time.Now().Before(ready) {
				return errors.New("not yet")
			}
			return nil
		})
		if late := time.Since(ready); late > 10*time.Millisecond {
			t.Errorf("noticed %s late", late)
		}
	})
}

func TestSucceedsFailsWithTheLastError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spy := &spy{TB: t}
		n := 0
		spy.run(func() {
			eventually.Succeeds(spy, func() error {
				n++
				return errors.New("still not")
			})
		})
		if spy.failure != "still not" || n < 100 {
			t.Errorf("failed with %q after %d checks", spy.failure, n)
		}
	})
}

// spy stands in for a test that may fail.
type spy struct {
	testing.TB
	failure string
}

func (s *spy) Fatal(args ...any) {
	s.failure = args[0].(error).Error()
	runtime.Goexit()
}

// run calls test on a goroutine of its own, as the testing package would.
func (s *spy) run(test func()) {
	var running sync.WaitGroup
	running.Go(test)
	running.Wait()
}
