package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// contextBook is the file that keeps servers and their keys, for its owner alone.
type contextBook struct {
	path     string
	Current  string                 `json:"current,omitempty"`
	Contexts map[string]contextPage `json:"contexts"`
}

// contextPage is a server, and the key to it.
type contextPage struct {
	Server string `json:"server"`
	Key    string `json:"key"`
}

// openContexts reads the book; an empty one if there is none. It refuses one that
// others can read.
func openContexts() (*contextBook, error) {
	book := &contextBook{Contexts: map[string]contextPage{}}
	folder, err := os.UserConfigDir()
	if err != nil {
		return book, nil // without a home there is no book
	}
	book.path = filepath.Join(folder, "carillon", "contexts.json")
	info, err := os.Stat(book.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return book, nil
	case err != nil:
		return nil, err
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("others can read the keys in %s: chmod 600 it", book.path)
	}
	text, err := os.ReadFile(book.path)
	if err == nil {
		err = json.Unmarshal(text, book)
	}
	if err != nil {
		return nil, fmt.Errorf("the contexts in %s cannot be read (%w): correct the file, or remove it", book.path, err)
	}
	return book, nil
}

// choose returns the context of a name; an empty one for none.
func (b *contextBook) choose(name string) (contextPage, error) {
	chosen, ok := b.Contexts[name]
	if name != "" && !ok {
		return chosen, fmt.Errorf("there is no context %q: carillon context list shows those that there are", name)
	}
	return chosen, nil
}

// save writes the book as a whole, or leaves it as it was.
func (b *contextBook) save() error {
	if b.path == "" {
		return errors.New("there is no place to keep contexts: set HOME or XDG_CONFIG_HOME")
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(b.path), "contexts-*") // for its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) // of no effect once it has its name
	_, err = draft.Write(append(text, '\n'))
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), b.path)
}
