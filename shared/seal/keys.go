package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	keyBytes = 32
	idBytes  = 8
)

// Config says where the master keys are.
type Config struct {
	// Keys are master keys, 32 bytes each as base64, separated by commas. The
	// first seals, all open.
	Keys string `env:"CARILLON_MASTER_KEY"`
	// File holds them, one on a line, in the place of Keys.
	File string `env:"CARILLON_MASTER_KEY_FILE"`
}

// Keys are the master keys that a process holds. It is safe for concurrent use.
type Keys struct{ keys []key }

type key struct {
	id   [idBytes]byte
	aead cipher.AEAD
}

// Load returns the keys of a config; without any, keys that seal and open nothing.
// No error holds a key.
func Load(config Config) (*Keys, error) {
	name, text := "CARILLON_MASTER_KEY", config.Keys
	if config.File != "" {
		if text != "" {
			return nil, errors.New("CARILLON_MASTER_KEY and CARILLON_MASTER_KEY_FILE are both set: clear one of them")
		}
		content, err := os.ReadFile(config.File)
		if err != nil {
			return nil, fmt.Errorf("master key file: %w", err)
		}
		name, text = config.File, string(content)
		if strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("%s is empty; it must hold a master key", name)
		}
	}
	return parse(name, text)
}

func parse(name, text string) (*Keys, error) {
	keys := &Keys{}
	for i, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		bits, err := base64.StdEncoding.DecodeString(word)
		if err != nil || len(bits) != keyBytes {
			return nil, fmt.Errorf("%s: key %d is not 32 bytes as base64; make one with: openssl rand -base64 32", name, i+1)
		}
		keys.keys = append(keys.keys, newKey(bits))
	}
	return keys, nil
}

func newKey(bits []byte) (k key) {
	block, _ := aes.NewCipher(bits) // cannot fail: the length is right
	k.aead, _ = cipher.NewGCMWithRandomNonce(block)
	sum := sha256.Sum256(append([]byte("carillon master key\x00"), bits...))
	copy(k.id[:], sum[:])
	return k
}

// EnsureFile writes a new master key to a file that only its owner reads, unless
// the file is there. The file has the whole key from the moment on which it is there,
// whenever the machine stops: it is written under another name.
func EnsureFile(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	draft, err := writeDraft(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("master key file: %w", err)
	}
	defer os.Remove(draft)
	if err := os.Link(draft, path); err != nil && !errors.Is(err, fs.ErrExist) { // a link replaces nothing
		return fmt.Errorf("master key file: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// writeDraft writes a new key to a file of its own, which only its owner reads.
func writeDraft(folder string) (path string, err error) {
	file, err := os.CreateTemp(folder, "master-key-*")
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(newText() + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(file.Name())
	}
	return file.Name(), err
}

// syncFolder makes the names in a folder outlive a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func newText() string {
	var bits [keyBytes]byte
	_, _ = rand.Read(bits[:]) // never fails: it ends the process instead
	return base64.StdEncoding.EncodeToString(bits[:])
}
