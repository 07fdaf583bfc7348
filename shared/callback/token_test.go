package callback

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func ticket() Ticket {
	return Ticket{Job: uuid.New(), Run: uuid.New(), Attempt: 3, Until: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
}

func TestTokensComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	secret, want := []byte("a secret of some length"), ticket()
	got, err := verify(secret, sign(secret, want))
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestNoOtherTokenIsTaken(t *testing.T) {
	t.Parallel()
	secret := []byte("a secret of some length")
	token := sign(secret, ticket())
	for i := range token {
		changed := byte('A')
		if token[i] == changed {
			changed = 'B'
		}
		if _, err := verify(secret, token[:i]+string(changed)+token[i+1:]); err != ErrUnknown {
			t.Errorf("a token that differs at %d: %v", i, err)
		}
	}
	for name, text := range map[string]string{
		"none": "", "cut": token[:len(token)-1], "longer": token + "A", "padded": token[:len(token)-1] + "=", "lines": token[:4] + "\n" + token[5:],
		"of zeros": strings.Repeat("A", len(token)), "in hex": strings.Repeat("f", len(token)), "unsigned": base64.RawURLEncoding.EncodeToString(make([]byte, bodyBytes)),
		"of another secret": sign([]byte("another"), ticket()),
	} {
		if _, err := verify(secret, text); err != ErrUnknown {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	secret := []byte("a secret of some length")
	f.Add(sign(secret, ticket()))
	f.Fuzz(func(t *testing.T, token string) {
		if read, err := verify(secret, token); err == nil && sign(secret, read) != token {
			t.Errorf("%q was taken for %+v", token, read)
		}
	})
}
