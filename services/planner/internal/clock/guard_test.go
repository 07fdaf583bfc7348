package clock

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// machine is a clock that can be set, beside a server whose clock is right.
type machine struct {
	guard  *Guard
	passed time.Duration
	offset time.Duration
}

func (m *machine) read() Reading {
	return Reading{Wall: noon.Add(m.passed + m.offset), Steady: m.passed}
}

// compare asks the server, which answers in the middle of the round trip.
func (m *machine) compare(trip time.Duration) (time.Duration, bool) {
	sent := m.read()
	m.passed += trip / 2
	server := noon.Add(m.passed)
	m.passed += trip / 2
	return m.guard.Compare(sent, m.read(), server)
}

func (m *machine) trusted() bool { return m.guard.Check(m.read()) == nil }

func TestAClockIsTrustedOnceCompared(t *testing.T) {
	t.Parallel()
	for offset, want := range map[time.Duration]bool{
		0: true, 200 * time.Millisecond: true, -200 * time.Millisecond: true,
		300 * time.Millisecond: false, time.Hour: false, -time.Hour: false,
	} {
		m := &machine{guard: NewGuard(), offset: offset}
		if m.trusted() {
			t.Error("trusted before it was compared")
		}
		if skew, ok := m.compare(10 * time.Millisecond); !ok || skew != offset || m.trusted() != want {
			t.Errorf("offset %s: measured %s, %t; %v", offset, skew, ok, m.guard.Check(m.read()))
		}
	}
}

func TestAClockThatWandersOffComesBack(t *testing.T) {
	t.Parallel()
	m := &machine{guard: NewGuard()}
	trusted := func(offset time.Duration) bool {
		m.offset = offset
		m.passed += time.Second
		m.compare(2 * time.Millisecond)
		return m.trusted()
	}
	for _, step := range []struct {
		offset  time.Duration
		trusted bool
	}{
		{0, true}, {300 * time.Millisecond, true}, {450 * time.Millisecond, true}, {600 * time.Millisecond, false},
		{450 * time.Millisecond, false}, {300 * time.Millisecond, false}, {240 * time.Millisecond, true},
		{-300 * time.Millisecond, true}, {-510 * time.Millisecond, false}, {-200 * time.Millisecond, true},
	} {
		if got := trusted(step.offset); got != step.trusted {
			t.Errorf("at %s trusted %t, want %t", step.offset, got, step.trusted)
		}
	}
}

func TestAStepIsNoticedBeforeTheServerIsAsked(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Second, -time.Second, 10 * time.Minute, -10 * time.Minute} {
		m := &machine{guard: NewGuard()}
		m.compare(time.Millisecond)
		m.passed += time.Hour
		if !m.trusted() {
			t.Fatal("not trusted after an hour without a comparison")
		}
		m.offset = step
		if m.trusted() {
			t.Errorf("a step of %s went unnoticed", step)
		}
		if m.offset = 0; m.trusted() {
			t.Error("trusted again without the server")
		}
		if m.compare(time.Millisecond); !m.trusted() {
			t.Error("not trusted, although the server agrees")
		}
		m.offset = step
		m.compare(time.Millisecond)
		err := m.guard.Check(m.read())
		if err == nil || !strings.Contains(err.Error(), "chrony") {
			t.Errorf("after a step of %s: %v", step, err)
		}
	}
}

// A machine that slept has a steady clock that stood still; its time of day is
// right, and the server says so.
func TestASleepIsNoStep(t *testing.T) {
	t.Parallel()
	m := &machine{guard: NewGuard()}
	m.compare(time.Millisecond)
	asleep := func() Reading {
		r := m.read()
		r.Wall = r.Wall.Add(time.Hour)
		return r
	}
	if m.guard.Check(asleep()) == nil {
		t.Error("planned on without asking")
	}
	if m.guard.Compare(asleep(), asleep(), noon.Add(m.passed+time.Hour)); m.guard.Check(asleep()) != nil {
		t.Error("not trusted, although the server agrees")
	}
}

func TestASlowAnswerSaysNothing(t *testing.T) {
	t.Parallel()
	m := &machine{guard: NewGuard()}
	if _, ok := m.compare(2 * time.Second); ok || m.trusted() {
		t.Error("trusted after an answer that took two seconds")
	}
	m.compare(time.Millisecond)
	m.offset = 400 * time.Millisecond
	if _, ok := m.compare(2 * time.Second); ok || !m.trusted() {
		t.Error("distrusted for an answer that took two seconds")
	}
}
