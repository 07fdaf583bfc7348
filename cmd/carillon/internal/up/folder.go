package up

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// layout is the version of the data folder's own form. It changes only when an
// older carillon could do harm in the folder.
const layout = "1"

// folder is a data folder, locked for this process.
type folder struct {
	dir  string
	lock *os.File
}

// openFolder makes the folder if need be and takes its lock. Each way to fail
// is one sentence that says what to do.
func openFolder(dir string) (*folder, error) {
	if dir == "" {
		return nil, errors.New("the data folder has no name: give one with --data-dir")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// Others may pass through, to reach what is theirs: Postgres runs as
	// another user than root. What is inside guards itself.
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, unusable(dir, err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(dir, err)
	}
	f := &folder{dir: dir, lock: lock}
	if err := f.claim(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func unusable(dir string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("the data folder %s cannot be written (%w): choose another with --data-dir", dir, err)
}

// claim takes the lock and checks the layout.
func (f *folder) claim() error {
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another carillon is using the data folder %s: stop it, or choose another with --data-dir", f.dir)
	}
	path := f.path("version")
	found, err := os.ReadFile(path)
	switch version := strings.TrimSpace(string(found)); {
	case errors.Is(err, os.ErrNotExist):
		return os.WriteFile(path, []byte(layout+"\n"), 0o644)
	case err != nil:
		return unusable(f.dir, err)
	case version != layout:
		return fmt.Errorf("the data folder %s has layout %.20q, and this carillon reads layout %s: use the carillon that made it, or choose another with --data-dir", f.dir, version, layout)
	}
	return nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// close gives the lock back.
func (f *folder) close() {
	_ = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_UN) // at once: a process that is being started has a copy of the file
	_ = f.lock.Close()
}
