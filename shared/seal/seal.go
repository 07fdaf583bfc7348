package seal

import (
	"errors"
	"strconv"
	"strings"
)

// The refusals.
var (
	ErrNoKey   = errors.New("there is no master key; set CARILLON_MASTER_KEY")
	ErrUnknown = errors.New("it is sealed under a master key that is not here")
	ErrBroken  = errors.New("it does not open: it is damaged, or belongs elsewhere")
)

// Place is what a text is sealed for.
type Place struct {
	Namespace, Name string
	Version         int64
}

// bound is what the seal authenticates beside the text. Names hold no NUL, so no
// two places have the same.
func (p Place) bound() []byte {
	return []byte(strings.Join([]string{"carillon secret", p.Namespace, p.Name, strconv.FormatInt(p.Version, 10)}, "\x00"))
}

// Seal encrypts a text for a place. It fails with ErrNoKey.
func (k *Keys) Seal(text string, place Place) ([]byte, error) {
	if len(k.keys) == 0 {
		return nil, ErrNoKey
	}
	first := k.keys[0]
	sealed := append([]byte(nil), first.id[:]...)
	return first.aead.Seal(sealed, nil, []byte(text), place.bound()), nil
}

// Open decrypts what was sealed for a place. It fails with ErrNoKey, ErrUnknown or
// ErrBroken.
func (k *Keys) Open(sealed []byte, place Place) (string, error) {
	if len(k.keys) == 0 {
		return "", ErrNoKey
	}
	if len(sealed) < idBytes {
		return "", ErrBroken
	}
	for _, key := range k.keys {
		if key.id != [idBytes]byte(sealed) {
			continue
		}
		text, err := key.aead.Open(nil, nil, sealed[idBytes:], place.bound())
		if err != nil {
			return "", ErrBroken
		}
		return string(text), nil
	}
	return "", ErrUnknown
}

// Current reports whether a text is sealed under the key that seals now, or
// cannot be sealed anew because there is none.
func (k *Keys) Current(sealed []byte) bool {
	return len(k.keys) == 0 || len(sealed) >= idBytes && [idBytes]byte(sealed) == k.keys[0].id
}
