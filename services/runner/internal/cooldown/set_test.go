package cooldown

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
)

var now = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func TestACooldownOnlyGrows(t *testing.T) {
	t.Parallel()
	s := NewSet()
	steps := []struct {
		until time.Duration
		news  bool
		left  time.Duration
	}{
		{-time.Second, false, 0},
		{30 * time.Second, true, 30 * time.Second},
		{5 * time.Second, false, 30 * time.Second},
		{30*time.Second + step/2, false, 30 * time.Second}, // no news, and no write
		{time.Minute, true, time.Minute},
		{1000 * time.Hour, true, longest},
	}
	for _, step := range steps {
		if news := s.Extend("a", now.Add(step.until), now); news != step.news || s.Left("a", now) != step.left {
			t.Errorf("until %s: news %t, left %s", step.until, news, s.Left("a", now))
		}
	}
	if s.Left("b", now) != 0 || s.Left("a", now.Add(longest)) != 0 {
		t.Error("another host, or a later time, waits too")
	}
}

func TestWhatIsOverIsForgotten(t *testing.T) {
	t.Parallel()
	s := NewSet()
	for i := range 10 * prunedAt {
		at := now.Add(time.Duration(i) * time.Minute)
		s.Extend(time.Duration(i).String(), at.Add(time.Second), at)
	}
	if n := len(s.until); n > prunedAt {
		t.Errorf("%d hosts kept", n)
	}
}

func TestEntriesOfTheBucket(t *testing.T) {
	t.Parallel()
	s := NewSet()
	f := NewFollower(nil, s)
	soon := time.Now().Add(time.Minute)
	subject, data := News("a:80", soon)
	f.take(bus.Entry{Subject: subject, Data: data})
	if left := s.Left("a:80", time.Now()); left < 50*time.Second {
		t.Errorf("left %s", left)
	}
	f.take(bus.Entry{Subject: topology.Cooldown("b"), Data: data}) // another host's
	f.take(bus.Entry{Subject: subject, Data: []byte("{")})
	f.take(bus.Entry{Subject: topology.Cooldown("b")})
	if s.Left("b", time.Now()) != 0 || s.Left("a:80", time.Now()) == 0 {
		t.Error("a hostile entry changed something")
	}
	f.take(bus.Entry{Subject: subject})
	if s.Left("a:80", time.Now()) != 0 {
		t.Error("a deleted key holds on")
	}
}
