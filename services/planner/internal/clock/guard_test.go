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

// On a link whose round trip is long, an answer is uncertain by half of it.
func TestAnUncertainAnswer(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		offset, trip time.Duration
		fresh, kept  string // what is said of a clock not trusted before, and of a trusted one; "" is trust
	}{
		"right, slow":                      {0, 800 * ms, "", ""},
		"a little off, slow":               {-200 * ms, 580 * ms, "", ""},
		"too slow by a little":             {200 * ms, 620 * ms, "too slow to tell", ""},
		"too slow, wherever it stands":     {0, 1020 * ms, "too slow to tell", ""},
		"very slow":                        {-300 * ms, 3 * time.Second, "too slow to tell", ""},
		"off, and too slow to say how far": {400 * ms, 400 * ms, "too slow to tell", ""},
		"off for sure, but not too far":    {400 * ms, 250 * ms, "400ms ahead", ""},
		"too far, slow":                    {-1200 * ms, 1200 * ms, "1.2s behind", "1.2s behind"},
		"too far, but perhaps not":         {550 * ms, 200 * ms, "550ms ahead", ""},
		"too far, very slow":               {time.Minute, 4 * time.Second, "1m0s ahead", "1m0s ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := &machine{guard: NewGuard(), offset: c.offset}
			fresh.compare(c.trip)
			fresh.says(t, c.fresh)
			trusted := &machine{guard: NewGuard()}
			trusted.compare(10 * ms)
			trusted.guard.answers = nil // long ago
			trusted.guard.base.Wall = trusted.guard.base.Wall.Add(c.offset)
			trusted.offset = c.offset // not at once
			trusted.compare(c.trip)
			trusted.says(t, c.kept)
		})
	}
}

func (m *machine) says(t *testing.T, want string) {
	t.Helper()
	err := m.guard.Check(m.read())
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestTheBestOfTheLastAnswersCounts(t *testing.T) {
	t.Parallel()
	m := &machine{guard: NewGuard(), offset: 100 * time.Millisecond}
	m.compare(2 * time.Second)
	m.says(t, "too slow to tell")
	m.compare(300 * time.Millisecond)
	m.says(t, "")
	for range remembered - 1 {
		if skew, ok := m.skewed(2*time.Second, 2*time.Second); !ok || skew != m.offset {
			t.Fatalf("measured %s, %t", skew, ok)
		}
	}
	if skew, _ := m.skewed(2*time.Second, 2*time.Second); skew == m.offset {
		t.Error("the good answer is remembered for ever")
	}
	m.says(t, "")
}

// skewed is compare over a link that takes all its time one way.
func (m *machine) skewed(there, trip time.Duration) (time.Duration, bool) {
	sent := m.read()
	m.passed += there
	server := noon.Add(m.passed)
	m.passed += trip - there
	return m.guard.Compare(sent, m.read(), server)
}

// A good answer from before the server's clock was set is not held against a newer
// one that it contradicts.
func TestAServerThatIsSet(t *testing.T) {
	t.Parallel()
	m := &machine{guard: NewGuard()}
	m.compare(time.Millisecond)
	m.guard.base.Wall = m.guard.base.Wall.Add(3 * time.Second)
	m.offset = 3 * time.Second // the server's went back by as much
	m.compare(600 * time.Millisecond)
	m.says(t, "3s ahead")
	m.compare(600 * time.Millisecond)
	m.says(t, "3s ahead")
}

func TestAnAnswerDuringWhichTheClockWasSetSaysNothing(t *testing.T) {
	t.Parallel()
	m := &machine{guard: NewGuard()}
	sent := m.read()
	m.offset = time.Second
	if _, ok := m.guard.Compare(sent, m.read(), noon); ok || m.trusted() {
		t.Error("the clock was set between question and answer, and is trusted")
	}
}
