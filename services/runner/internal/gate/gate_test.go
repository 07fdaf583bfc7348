package gate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/cooldown"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// desk is a gate with runs of one queue before it.
type desk struct {
	*testing.T
	*Gate
	told []string // announced
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t}
	none := func(time.Duration) time.Duration { return 0 }
	d.Gate = New(cooldown.NewSet(), func(host string, _ time.Time) { d.told = append(d.told, host) }, none)
	return d
}

func to(host string) *wire.Call {
	return &wire.Call{Queue: "default", Target: carillon.Target{URL: "http://" + host + "/path"}}
}

// enter lets a fresh run in; nil means that it may be called.
func (d *desk) enter(host string) *Hold {
	return d.Enter(d.Context(), &wire.Run{Attempt: 1}, to(host), false)
}

// herd lets runs in at once, and returns how many may be called.
func (d *desk) herd(host string, runs int) (passed int) {
	holds := make(chan *Hold, runs)
	for range runs {
		go func() { holds <- d.enter(host) }()
	}
	for range runs {
		if hold := <-holds; hold == nil {
			passed++
		}
	}
	return passed
}

func (d *desk) leave(host string, took time.Duration, attempt wire.Attempt) {
	attempt.FinishedAt = time.Now()
	attempt.StartedAt = attempt.FinishedAt.Add(-took)
	d.Leave(to(host), &attempt)
}

func (d *desk) held(cause Cause, hold *Hold) {
	d.Helper()
	if hold == nil || hold.Cause != cause || hold.For < time.Second || hold.Reason == "" {
		d.Errorf("hold %+v, want %s", hold, cause)
	}
}

var good = wire.Attempt{Status: 200}

func TestASilentHostGetsItsPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		if n := d.herd("dead", 40); n > 10 || n < 2 {
			t.Errorf("%d of 40 calls at a host that does not answer, want a quarter", n)
		}
		began := time.Now()
		d.held(Crowded, d.enter("dead"))
		if waited := time.Since(began); waited > 0 {
			t.Errorf("once it is known, the next waits %s in its slot", waited)
		}
		if d.enter("other") != nil {
			t.Error("another host is held")
		}
	})
}

func TestAnAnswerMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		go func() {
			time.Sleep(10 * time.Millisecond)
			d.leave("good", 10*time.Millisecond, good)
		}()
		if n := d.herd("good", 40); n != 40 {
			t.Errorf("%d of 40 calls", n)
		}
		time.Sleep(time.Second) // it has become silent
		d.held(Crowded, d.enter("good"))
	})
}

func TestASlowHostIsGivenTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.enter("slow")
		d.leave("slow", 10*time.Second, good)
		if n := d.herd("slow", 40); n != 40 {
			t.Errorf("%d of 40 calls to a host known to be slow", n)
		}
		time.Sleep(21 * time.Second)
		d.held(Crowded, d.enter("slow"))
	})
}

func TestAHostThatHasTheQueueToItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.herd("dead", 40)
		again := &wire.Run{Attempt: 1, Holds: 1}
		if d.Enter(t.Context(), again, to("dead"), false) != nil {
			t.Error("held though nobody else is there")
		}
		d.enter("other")
		d.held(Crowded, d.Enter(t.Context(), again, to("dead"), false))
		time.Sleep(recently)
		if d.Enter(t.Context(), again, to("dead"), false) != nil {
			t.Error("held though nobody else has come for a while")
		}
	})
}

// Their turns were one after the other, so they must not be called together.
func TestPacedRunsNeverWaitForAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		paced := func(host string) *Hold { return d.Enter(d.Context(), &wire.Run{Attempt: 1}, to(host), true) }
		began := time.Now()
		for range least {
			if paced("slow") != nil {
				t.Error("one of the first is held")
			}
		}
		d.held(Crowded, paced("slow"))
		if waited := time.Since(began); waited > 0 {
			t.Errorf("one waited %s in its slot", waited)
		}
		d.leave("slow", 10*time.Millisecond, good)
		d.leave("slow", 10*time.Millisecond, good)
		time.Sleep(time.Minute)
		for range 10 {
			if paced("slow") != nil {
				t.Fatal("held though the last call was answered")
			}
		}
		time.Sleep(2 * silence)
		d.held(Crowded, paced("slow"))
	})
}

func TestTheBreakerHoldsForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		for range 5 {
			d.enter("dead")
			d.leave("dead", time.Millisecond, wire.Attempt{Class: wire.ClassConnect})
		}
		hold := d.enter("dead")
		d.held(Broken, hold)
		since := time.Now()
		patient := &wire.Run{Attempt: 1, Holds: 9, HeldSince: &since}
		d.held(Broken, d.Enter(t.Context(), patient, to("dead"), false))
		time.Sleep(hold.For)
		if d.enter("dead") != nil {
			t.Error("no probe")
		}
		d.held(Broken, d.enter("dead"))
		time.Sleep(patience)
		if d.Enter(t.Context(), patient, to("dead"), false) != nil {
			t.Error("held for ever")
		}
	})
}

func TestHeldRunsComeBackOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.herd("dead", 40)
		last := d.enter("dead").For
		for range 1000 {
			next := d.enter("dead").For
			if next-last < apart {
				t.Fatalf("one comes back after %s, the next after %s", last, next)
			}
			last = next
		}
		if last > 20*time.Second {
			t.Errorf("the last of a thousand comes back after %s", last)
		}
	})
}

// Where no proof could be made, the host was not asked.
func TestAMissingProofSaysNothingOfTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		for range 4 {
			d.enter("dead")
			d.leave("dead", time.Millisecond, wire.Attempt{Class: wire.ClassConnect})
		}
		d.enter("dead")
		d.leave("dead", time.Millisecond, wire.Attempt{Class: wire.ClassAuth})
		d.enter("dead")
		d.leave("dead", time.Millisecond, wire.Attempt{Class: wire.ClassConnect}) // the fifth in a row
		d.held(Broken, d.enter("dead"))
	})
}

func TestACooldownIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		at := time.Now().Add(time.Minute)
		busy := wire.Attempt{Status: 429, Class: wire.ClassStatus, RetryAt: &at}
		d.enter("a")
		d.leave("a", 0, busy) // for its own run alone
		if d.enter("a") != nil {
			t.Fatal("held")
		}
		d.enter("a")
		busy.Cooldown = true
		d.leave("a", 0, busy)
		d.leave("a", 0, busy)
		old := time.Now().Add(-time.Hour)
		d.held(Cooldown, d.Enter(t.Context(), &wire.Run{Attempt: 1, Holds: 1, HeldSince: &old}, to("a"), false)) // there is no patience with it
		if len(d.told) != 1 || d.told[0] != "a" {
			t.Errorf("told %v", d.told)
		}
		time.Sleep(time.Minute)
		if d.enter("a") != nil {
			t.Error("held after its end")
		}
	})
}

func TestAStoppedRunDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.enter("dead")
		d.enter("dead")
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		if d.Enter(ctx, &wire.Run{Attempt: 1}, to("dead"), false) == nil || time.Since(began) > 0 {
			t.Error("it waited, or is called")
		}
	})
}

func TestHostsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		for i := range 3 * mostHosts {
			host := time.Duration(i).String()
			d.enter(host)
			d.leave(host, 0, wire.Attempt{Class: wire.ClassConnect})
		}
		if n := len(d.hosts); n > mostHosts {
			t.Errorf("%d hosts kept", n)
		}
		if q := d.queues["default"]; q.inHand != 0 {
			t.Errorf("%d in hand at the end", q.inHand)
		}
	})
}

func TestHostOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://api.example.com/report":  "api.example.com",
		"https://API.example.com:443":     "api.example.com",
		"http://api.example.com:80?x=/":   "api.example.com",
		"http://api.example.com:443/":     "api.example.com:443",
		"https://api.example.com:80#x":    "api.example.com:80",
		"HTTPS://api.example.com:443/a:b": "api.example.com",
		"http://[::1]:8080/":              "[::1]:8080",
		"https://api.example.com./x":      "api.example.com",
		"https://api.example.com.:8443/":  "api.example.com:8443",
		"https://api.example.com.:443/a.": "api.example.com",
	} {
		if got := hostOf(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func BenchmarkEnterAndLeave(b *testing.B) {
	g := New(cooldown.NewSet(), func(string, time.Time) {}, func(d time.Duration) time.Duration { return d })
	run, call, attempt := &wire.Run{Attempt: 1}, to("api.example.com"), good
	attempt.StartedAt = time.Now()
	attempt.FinishedAt = attempt.StartedAt.Add(time.Millisecond)
	b.ReportAllocs()
	for b.Loop() {
		g.Enter(b.Context(), run, call, false)
		g.Leave(call, &attempt)
	}
}
