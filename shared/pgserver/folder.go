package pgserver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxSocketPath is what a unix socket's address holds: 104 bytes on macOS, 108
// on Linux, with a closing zero.
const maxSocketPath = 103

// socketName is what Postgres calls its socket, after the port that it would
// have listened on.
const socketName = ".s.PGSQL.5432"

var (
	// ErrInUse says that another process runs a server over the same folder.
	ErrInUse = errors.New("the folder is in use")
	// ErrFolder says that the folder cannot be written, or not be reached by
	// the user that Postgres has to run as.
	ErrFolder = errors.New("the folder cannot hold a database")
)

// folder is a server's place on disk, locked for this process.
type folder struct {
	path   string
	socket string // the folder of the unix socket
	owner  account
	lock   *os.File
}

func (f *folder) data() string { return filepath.Join(f.path, "data") }
func (f *folder) log() string  { return filepath.Join(f.path, "postgres.log") }

// openFolder makes the folder if needed, locks it, and finds the account whose
// it shall be. It changes nothing of a folder that was there before.
func openFolder(dir string) (*folder, error) {
	path, err := makeFolder(dir)
	if err != nil {
		return nil, folderError(err)
	}
	owner, err := accountFor(filepath.Join(path, "data"))
	if err != nil {
		return nil, err
	}
	if err := reachable(path, owner); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(path, "lock"))
	if err != nil {
		return nil, err
	}
	return &folder{path: path, owner: owner, lock: lock, socket: socketDir(path)}, nil
}

// makeFolder makes dir if needed and is its absolute path without symbolic links.
func makeFolder(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// close gives the folder up, and takes away a socket folder outside of it.
func (f *folder) close() error {
	if filepath.Dir(f.socket) != f.path {
		_ = os.Remove(f.socket) // not empty if the server was killed; the next start takes it over
	}
	return errors.Join(unlock(f.lock), f.lock.Close())
}

func reachable(path string, owner account) error {
	at, err := owner.blockedAt(path)
	if err != nil {
		return folderError(err)
	}
	if at != "" {
		return fmt.Errorf("%w: postgres runs as %s, who may not enter %s: choose another --data-dir, such as /var/lib/carillon",
			ErrFolder, owner.name, at)
	}
	return nil
}

// lockFile takes a lock that the system gives back when this process ends,
// however it ends.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, folderError(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: another process runs postgres in %s", ErrInUse, filepath.Dir(path))
	}
	return file, nil
}

// unlock gives a lock back at once. To close the file alone would not: a process that
// is being started at this moment has a copy of it until it runs its own program.
func unlock(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

// socketDir is Dir/run. A path that is too long for a socket, or has a comma,
// which would split it in two, is replaced by a short one that is always the
// same, so that a start after a crash finds what was left.
func socketDir(path string) string {
	dir := filepath.Join(path, "run")
	if len(dir)+1+len(socketName) <= maxSocketPath && !strings.ContainsAny(dir, `,"`) {
		return dir
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("carillon-%.5x", sha256.Sum256([]byte(path))))
}

// makeSocketDir makes the folder of the socket, closed to everybody but the
// account and root. In a folder where anybody may create files, a folder of
// this name that somebody else made is refused.
func (f *folder) makeSocketDir() error {
	if err := reachable(filepath.Dir(f.socket), f.owner); err != nil {
		return err
	}
	err := os.Mkdir(f.socket, 0o700)
	if err == nil {
		return f.owner.own(f.socket)
	}
	info, statErr := os.Lstat(f.socket)
	if !errors.Is(err, fs.ErrExist) || statErr != nil {
		return folderError(err)
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || int(info.Sys().(*syscall.Stat_t).Uid) != f.owner.uid {
		return fmt.Errorf("%w: %s is not a private folder of %s: remove it", ErrFolder, f.socket, f.owner.name)
	}
	return nil
}

// folderError adds what to do to an error of the file system.
func folderError(err error) error {
	return fmt.Errorf("%w: %w: choose another --data-dir, or run as the user it belongs to", ErrFolder, err)
}

// databaseURL is the DSN of the database behind a socket folder.
func databaseURL(socket string) string {
	// A path's escapes, because libpq does not read a + as a space.
	return "postgres://carillon@/carillon?port=5432&host=" + url.PathEscape(socket)
}
