package breaker

import (
	"testing"
	"time"
)

var start = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// open returns a breaker that opened at start.
func open() *Breaker {
	b := &Breaker{}
	for range 5 {
		b.End(start, start, Silent)
	}
	return b
}

func TestFailuresInARowOpen(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		results []Result
		open    bool
	}{
		"five without an answer":    {[]Result{Silent, Silent, Silent, Silent, Silent}, true},
		"four":                      {[]Result{Silent, Silent, Silent, Silent}, false},
		"a good one between":        {[]Result{Silent, Silent, Silent, Good, Silent, Silent}, false},
		"cut off calls say nothing": {[]Result{Silent, Silent, Unknown, Unknown, Silent, Silent}, false},
		"errors weigh less":         {[]Result{Error, Error, Error, Error, Error, Error}, false},
		"errors and silence":        {[]Result{Silent, Silent, Silent, Silent, Error, Error, Error, Error}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b Breaker
			for _, result := range test.results {
				b.End(start, start, result)
			}
			if got := b.Wait(start) > 0; got != test.open {
				t.Errorf("open: %t", got)
			}
		})
	}
}

func TestTwentyErrorsOpen(t *testing.T) {
	t.Parallel()
	var b Breaker
	for i := range 20 {
		if b.Wait(start) > 0 {
			t.Fatalf("open after %d", i)
		}
		b.End(start, start, Error)
	}
	if b.Wait(start) == 0 {
		t.Error("closed after 20")
	}
}

func TestProbesGoOneAtATime(t *testing.T) {
	t.Parallel()
	b := open()
	if got := b.Wait(start.Add(probeEvery - time.Second)); got != probeEvery {
		t.Errorf("wait %s before the probe's time", got)
	}
	due := start.Add(probeEvery)
	if got := b.Wait(due); got != 0 {
		t.Errorf("the probe waits %s", got)
	}
	b.Begin()
	if b.Wait(due) == 0 {
		t.Error("two probes at once")
	}
	b.End(due, due, Silent)
	if b.Wait(due) == 0 || b.Wait(due.Add(probeEvery)) != 0 {
		t.Error("after a bad probe the next one does not wait its time")
	}
	b.Begin()
	b.End(due, due, Unknown)
	if b.Wait(due.Add(probeEvery)) != 0 {
		t.Error("a probe that was cut off is not made again")
	}
	b.Begin()
	b.End(due, due, Good)
	if !b.Idle() {
		t.Errorf("after a good probe: %+v", b)
	}
}

func TestCallsFromBefore(t *testing.T) {
	t.Parallel()
	b, early, later := open(), start.Add(-time.Minute), start.Add(probeEvery)
	b.End(early, later, Silent)
	if b.Wait(later) != 0 {
		t.Error("a call from before it opened put the probe off")
	}
	b.End(early, later, Good)
	if !b.Idle() {
		t.Error("a good call from before did not close it")
	}
}

func TestTheWaitGrows(t *testing.T) {
	t.Parallel()
	b := open()
	b.Begin()
	for after, want := range map[time.Duration]time.Duration{
		0: probeEvery, 40 * time.Second: 10 * time.Second, time.Hour: longest,
	} {
		if got := b.Wait(start.Add(after)); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
	}
}
