// Package eventually lets a test wait for what another goroutine, process or
// server brings about. It is for where the clock is real, beside sockets and
// disks; pure code belongs into a testing/synctest bubble.
package eventually

import (
	"testing"
	"time"
)

const (
	// patience is far above what anything here takes: it is spent by failing tests only.
	patience = time.Minute
	look     = 10 * time.Millisecond
)

// Succeeds calls check until it returns nil, and fails the test with its last
// error when patience runs out. It is for the goroutine that runs the test.
func Succeeds(t testing.TB, check func() error) {
	t.Helper()
	err := check()
	for deadline := time.Now().Add(patience); err != nil; err = check() {
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(look)
	}
}
