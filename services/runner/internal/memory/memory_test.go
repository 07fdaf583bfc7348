package memory

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func key(attempt int) Key { return Key{Run: carillon.NewJobID(), Attempt: attempt} }

func expect(t *testing.T, m *Memory, key Key, want Standing) {
	t.Helper()
	if got := m.Begin(key); got != want {
		t.Errorf("standing of %v: %d, want %d", key, got, want)
	}
}

func TestLifeOfAKey(t *testing.T) {
	t.Parallel()
	m, done, back := New(8), key(1), key(1)
	expect(t, m, done, Fresh)
	expect(t, m, done, Running)
	m.Finish(done)
	expect(t, m, done, Done)
	expect(t, m, Key{Run: done.Run, Attempt: 2}, Fresh)
	expect(t, m, back, Fresh)
	m.Forget(back)
	expect(t, m, back, Fresh)
}

func TestOldestIsForgottenFirst(t *testing.T) {
	t.Parallel()
	m, keys := New(3), []Key{key(1), key(1), key(1), key(1), key(1)}
	for _, key := range keys {
		m.Begin(key)
		m.Finish(key)
	}
	for _, key := range keys[2:] {
		expect(t, m, key, Done)
	}
	if len(m.standing) != 3 {
		t.Errorf("%d keys are held, want 3", len(m.standing))
	}
	expect(t, m, keys[0], Fresh)
	expect(t, m, keys[1], Fresh)
}
