package runner_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// busyFor answers 429 until it is called again after the wait that it asked for,
// and counts the calls that did not wait.
type busyFor struct {
	wait   time.Duration
	until  atomic.Pointer[time.Time]
	early  atomic.Int32
	format func(time.Time) string
}

// inFlight is how long calls may still come that were under way, or whose runner
// had not heard, when the first answer was given.
const inFlight = 300 * time.Millisecond

func (b *busyFor) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	until := now.Add(b.wait)
	if b.until.CompareAndSwap(nil, &until) {
		w.Header().Set("Retry-After", b.format(until))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	until = *b.until.Load()
	switch {
	case now.Before(until.Add(-b.wait + inFlight)):
		w.WriteHeader(http.StatusTooManyRequests)
	case now.Before(until.Add(-time.Second)): // dates are of whole seconds
		b.early.Add(1)
	}
}

func TestRetryAfterHoldsForAllRunners(t *testing.T) {
	t.Parallel()
	const wait = 6 * time.Second
	for name, format := range map[string]func(time.Time) string{
		"seconds": func(time.Time) string { return "6" },
		"a date":  func(at time.Time) string { return at.UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, busy := newStage(t), &busyFor{wait: wait, format: format}
			target := newTarget(t, busy.ServeHTTP)
			s.define(defaultQueue(30))
			s.follow()
			for range 3 {
				s.start()
			}
			first := s.call(target.URL)
			first.Retry = carillon.Retry{MaxAttempts: 2, MinBackoff: 1, MaxBackoff: 1}
			told := s.plan(first)
			s.eventually(func() error { return events(s, told, 1) })
			s.eventually(func() error { return cooling(s) })
			var runs []wire.Run
			for range 40 {
				runs = append(runs, s.plan(s.call(target.URL)))
			}
			s.eventually(func() error { return events(s, runs[39], 1) })
			s.start() // one that comes later knows it too
			for _, run := range append(runs, told) {
				attempts := 1
				if run.ID == told.ID {
					attempts = 2
				}
				if got := s.final(run); got.State != carillon.StateSucceeded || got.Attempts != attempts {
					t.Errorf("outcome %+v, want one good attempt", got)
				}
			}
			if early := busy.early.Load(); early > 0 {
				t.Errorf("%d calls came too early", early)
			}
			s.empty()
		})
	}
}

// cooling waits for a cooldown in the bucket.
func cooling(s *stage) error {
	stream, err := s.js.Stream(s.Context(), topology.ControlsStream)
	if err == nil && stream.CachedInfo().State.Msgs == 0 {
		err = errors.New("no cooldown in the bucket")
	}
	return err
}

func TestAHeldRunSaysSo(t *testing.T) {
	t.Parallel()
	s, target := newStage(t), newTarget(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	s.define(defaultQueue(5))
	s.follow()
	s.start()
	if got := s.final(s.plan(s.call(target.URL))); got.State != carillon.StateFailed || got.Attempt.RetryAt == nil {
		t.Errorf("outcome %+v", got)
	}
	call := s.call(target.URL)
	run := s.plan(call)
	s.eventually(func() error { return events(s, run, 1) })
	if got := s.of(run.ID)[0]; got.State != carillon.StateQueued || got.Attempts != 0 || got.Reason == "" {
		t.Errorf("news %+v", got)
	}
	s.cancelRun(call, run)
	s.cancelled(run, "cancelled by me", 0)
	if target.calls() != 1 {
		t.Errorf("%d calls", target.calls())
	}
	s.empty()
}

// TestADeadHostLeavesTheSlots holds that 1,000 due runs to a host that accepts and
// never answers make 1,000 runs to a good one, in the same queue of 50 and behind
// them, take at most twice as long as they take alone.
func TestADeadHostLeavesTheSlots(t *testing.T) {
	const runs, each = 1000, 150 * time.Millisecond
	slow := func(http.ResponseWriter, *http.Request) { <-time.After(each) }
	alone := herd(t, nil, slow, runs)
	beside := herd(t, hang, slow, runs)
	t.Logf("alone %s, beside a dead host %s", alone, beside)
	if beside > 2*alone {
		t.Errorf("alone they take %s, beside a dead host %s", alone, beside)
	}
}

// herd has runs to a good host planned behind as many to a bad one, if there is a
// bad one, and returns how long the good ones take.
func herd(t *testing.T, bad, good http.HandlerFunc, runs int) time.Duration {
	s, fine := newStage(t), newTarget(t, good)
	s.define(defaultQueue(50))
	if bad != nil {
		dead := s.call(newTarget(t, bad).URL)
		dead.Target.Timeout, dead.Retry.MaxAttempts = carillon.Duration(5*time.Second), 3
		for range runs {
			s.plan(dead)
		}
	}
	call := s.call(fine.URL)
	for range runs {
		s.plan(call)
	}
	began := time.Now()
	s.start()
	s.eventually(func() error {
		if fine.ended() < runs {
			return fmt.Errorf("%d of %d calls", fine.ended(), runs)
		}
		return nil
	})
	return time.Since(began)
}

func TestABrokenHostIsProbed(t *testing.T) {
	t.Parallel()
	var well atomic.Bool
	s, target := newStage(t), newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if !well.Load() {
			hang(w, r)
		}
	})
	s.define(defaultQueue(20))
	s.follow()
	s.start()
	call := s.call(target.URL)
	call.Target.Timeout = carillon.Duration(100 * time.Millisecond)
	for range 10 { // one after the other: each is heard before the next
		run := s.plan(call)
		s.eventually(func() error { return events(s, run, 1) })
	}
	before := target.calls()
	if before > 6 {
		t.Errorf("%d calls before the breaker opened, want 5 or so", before)
	}
	well.Store(true)
	held := s.plan(call)
	if got := s.final(held); got.State != carillon.StateSucceeded || got.Attempts != 1 {
		t.Errorf("outcome %+v, want a good first attempt", got)
	}
}
