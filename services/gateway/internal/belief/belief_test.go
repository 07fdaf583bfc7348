package belief

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// away is what pgx says while Postgres is away.
var away = context.DeadlineExceeded

type source struct {
	end   time.Time
	err   error
	loads int
}

func (s *source) load(context.Context, Hash) (string, time.Time, error) {
	s.loads++
	return "alice", s.end, s.err
}

func TestBeliefs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after time.Duration // the first look
		end   time.Duration // of the secret; none if 0
		err   error         // of a load by then
		want  error
		loads int
	}{
		"a busy client costs no query":             {2 * time.Second, 0, ErrUnknown, nil, 1},
		"a revoked secret dies within 3 s":         {3 * time.Second, 0, ErrUnknown, ErrUnknown, 2},
		"one that ends does so at once":            {time.Second, time.Second, ErrUnknown, ErrUnknown, 2},
		"without Postgres it goes on":              {59 * time.Minute, 0, away, nil, 2},
		"but not for ever":                         {61 * time.Minute, 0, away, away, 2},
		"nor beyond its end":                       {2 * time.Minute, time.Minute, away, away, 2},
		"what Postgres refuses is not its absence": {time.Minute, 0, errors.ErrUnsupported, errors.ErrUnsupported, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &source{}
			if test.end > 0 {
				s.end = time.Now().Add(test.end)
			}
			b := New(s.load)
			if who, err := b.Find(t.Context(), "secret"); who != "alice" || err != nil || !b.Knows("secret") || b.Knows("guess") {
				t.Fatalf("%s: %q, %v", name, who, err)
			}
			time.Sleep(test.after)
			s.err = test.err
			if _, err := b.Find(t.Context(), "secret"); !errors.Is(err, test.want) || s.loads != test.loads {
				t.Errorf("%s: %v after %d loads", name, err, s.loads)
			}
		})
	}
}

func TestGuessesLeaveNothing(t *testing.T) {
	t.Parallel()
	b := New((&source{err: ErrUnknown}).load)
	for range 10 {
		if _, err := b.Find(t.Context(), NewSecret("")); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
	}
	if n := b.known.Len(); n != 0 {
		t.Errorf("%d guesses are remembered", n)
	}
}

func TestWhatIsForgottenIsLookedUpAgain(t *testing.T) {
	t.Parallel()
	s := &source{}
	b := New(s.load)
	for range 2 {
		_, _ = b.Find(t.Context(), "secret")
		b.Forget(HashOf("secret"))
	}
	if s.loads != 2 || b.Knows("secret") {
		t.Errorf("%d loads", s.loads)
	}
}
