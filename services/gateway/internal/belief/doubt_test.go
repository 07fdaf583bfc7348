package belief

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// register says which hashes stand; err if it cannot say.
type register struct {
	mu     sync.Mutex
	stands []Hash
	err    error
}

func (r *register) standing(_ context.Context, asked [][]byte) (still [][]byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, hash := range asked {
		if slices.Contains(r.stands, Hash(hash)) {
			still = append(still, hash)
		}
	}
	return still, r.err
}

func (r *register) goAway() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stands, r.err = nil, away
}

// TestWhatWasRevokedElsewhereStaysSo has Postgres go away when a secret has been
// revoked that nobody has shown here since.
func TestWhatWasRevokedElsewhereStaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, r := &source{}, &register{stands: []Hash{HashOf("kept")}}
		b := New(s.load)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Doubt(ctx, r.standing) }()
		for _, secret := range []string{"kept", "revoked"} {
			if _, err := b.Find(ctx, secret); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(doubtEvery + time.Second)
		s.err = away
		r.goAway()
		time.Sleep(time.Minute)
		if _, err := b.Find(ctx, "kept"); err != nil {
			t.Errorf("what stood is not believed: %v", err)
		}
		if _, err := b.Find(ctx, "revoked"); !errors.Is(err, away) || b.Knows("revoked") {
			t.Errorf("what was revoked: %v", err)
		}
		time.Sleep(keptFor)
		if n := b.known.Len(); n != 0 {
			t.Errorf("%d are kept that nobody believes", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestThoseWhoAskAtOnceAskTogether has the first of them go away while Postgres thinks.
func TestThoseWhoAskAtOnceAskTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loads := 0
		b := New(func(ctx context.Context, _ Hash) (string, time.Time, error) {
			loads++
			select {
			case <-time.After(time.Second):
				return "alice", time.Time{}, nil
			case <-ctx.Done():
				return "", time.Time{}, ctx.Err()
			}
		})
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if who, err := b.Find(first, "secret"); who != "alice" || err != nil {
					t.Errorf("%q, %v", who, err)
				}
			})
		}
		synctest.Wait()
		leave()
		all.Wait()
		if loads != 1 {
			t.Errorf("%d loads for a hundred who asked at once", loads)
		}
	})
}

func TestAllOfAKindAreForgotten(t *testing.T) {
	t.Parallel()
	b := New((&source{}).load)
	for _, secret := range []string{"a", "b"} {
		_, _ = b.Find(t.Context(), secret)
	}
	b.ForgetAll(func(who string) bool { return who == "bob" })
	if !b.Knows("a") || !b.Knows("b") {
		t.Error("others were forgotten")
	}
	b.ForgetAll(func(who string) bool { return who == "alice" })
	if b.Knows("a") || b.Knows("b") {
		t.Error("some are still known")
	}
}
