package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/shared/seal"
)

var place = seal.Place{Namespace: "default", Name: "token", Version: 3}

// keyText is a key of 32 equal bytes.
func keyText(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }

func load(t *testing.T, texts ...string) *seal.Keys {
	t.Helper()
	keys, err := seal.Load(seal.Config{Keys: strings.Join(texts, ",")})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func sealed(t *testing.T, keys *seal.Keys, text string) []byte {
	t.Helper()
	s, err := keys.Seal(text, place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsSealedOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	keys := load(t, keyText(1))
	for _, text := range []string{"", "s3cret", strings.Repeat("é\x00", 40_000)} {
		s := sealed(t, keys, text)
		if got, err := keys.Open(s, place); err != nil || got != text {
			t.Errorf("got %.20q, %v", got, err)
		}
		if len(text) > 0 && bytes.Contains(s, []byte(text)) {
			t.Error("the text is plain")
		}
		for _, other := range []seal.Place{
			{Namespace: "default", Name: "token", Version: 4}, {Namespace: "other", Name: "token", Version: 3},
			{Namespace: "default", Name: "other", Version: 3}, {Namespace: "default\x00token", Version: 3},
		} {
			if got, err := keys.Open(s, other); !errors.Is(err, seal.ErrBroken) || got != "" {
				t.Errorf("%+v: got %.20q, %v", other, got, err)
			}
		}
	}
}

func TestTheSameTextIsNeverSealedTheSame(t *testing.T) {
	t.Parallel()
	keys := load(t, keyText(1))
	if bytes.Equal(sealed(t, keys, "x"), sealed(t, keys, "x")) {
		t.Error("a nonce was used twice")
	}
}

func TestEveryDamageIsFound(t *testing.T) {
	t.Parallel()
	keys := load(t, keyText(1))
	whole := sealed(t, keys, "s3cret")
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		if _, err := keys.Open(damaged, place); err == nil {
			t.Errorf("a changed byte %d is not found", i)
		}
		if _, err := keys.Open(whole[:i], place); err == nil {
			t.Errorf("an end after %d bytes is not found", i)
		}
	}
}

func TestTheFirstKeySealsAndAllOpen(t *testing.T) {
	t.Parallel()
	older, both, newer := load(t, keyText(1)), load(t, keyText(2), keyText(1)), load(t, keyText(2))
	old := sealed(t, older, "x")
	if text, err := both.Open(old, place); err != nil || text != "x" || both.Current(old) {
		t.Errorf("got %q, %v, current %t", text, err, both.Current(old))
	}
	fresh := sealed(t, both, "x")
	if text, err := newer.Open(fresh, place); err != nil || text != "x" || !both.Current(fresh) {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := newer.Open(old, place); !errors.Is(err, seal.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutAKeyNothingIsSealed(t *testing.T) {
	t.Parallel()
	none := load(t)
	if _, err := none.Seal("x", place); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("got %v", err)
	}
	if _, err := none.Open(sealed(t, load(t, keyText(1)), "x"), place); !errors.Is(err, seal.ErrNoKey) || !none.Current(nil) {
		t.Errorf("got %v", err)
	}
}

func TestMalformedKeysAreRefusedAndNotShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"short", keyText(1)[:40], keyText(1) + "," + "c2VjcmV0LWtleQ==", strings.Repeat("A", 1<<16), "ä"} {
		_, err := seal.Load(seal.Config{Keys: text})
		if err == nil || len(err.Error()) > 150 || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
}

func TestAFileIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := seal.EnsureFile(path); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || seal.EnsureFile(path) != nil {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the key was replaced")
	}
	keys, err := seal.Load(seal.Config{File: path})
	if err != nil || len(sealed(t, keys, "x")) == 0 {
		t.Fatal(err)
	}
}

func TestUselessFilesAreRefused(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, config := range []seal.Config{{File: empty}, {File: empty + "-none"}, {File: empty, Keys: keyText(1)}} {
		if _, err := seal.Load(config); err == nil {
			t.Errorf("%+v was taken", config)
		}
	}
}

// Of many that make the file at once, none sees it before it holds the key.
func TestAFileIsNeverThereWithoutItsKey(t *testing.T) {
	t.Parallel()
	for range 50 {
		folder := t.TempDir()
		path, making := filepath.Join(folder, "master.key"), sync.WaitGroup{}
		for range 8 {
			making.Go(func() {
				if err := seal.EnsureFile(path); err != nil {
					t.Error(err)
				}
				if _, err := seal.Load(seal.Config{File: path}); err != nil {
					t.Error(err)
				}
			})
		}
		making.Wait()
		if names, err := os.ReadDir(folder); err != nil || len(names) != 1 {
			t.Errorf("in the folder: %v, %v", names, err)
		}
	}
}
