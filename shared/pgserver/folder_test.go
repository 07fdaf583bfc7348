package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolderThatIsTooLongForASocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("long", 30))
	s := startServer(t, dir)
	if strings.HasPrefix(s.folder.socket, dir) {
		t.Fatalf("the socket is in %s", s.folder.socket)
	}
	query(t, s, "SELECT 'reached'")
	stopServer(t, s)
	if _, err := os.Stat(s.folder.socket); err == nil {
		t.Fatalf("%s was left behind", s.folder.socket)
	}
}

func TestFolderWithACommaAndAQuote(t *testing.T) {
	t.Parallel()
	query(t, startServer(t, filepath.Join(tempDir(t), `a,b "c" 'd'`)), "SELECT 'reached'")
}

func TestSocketFolderOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	f := &folder{socket: filepath.Join(tempDir(t), "run"), owner: account{"this user", os.Geteuid(), os.Getegid()}}
	if err := f.makeSocketDir(); err != nil {
		t.Fatal(err)
	}
	if err := f.makeSocketDir(); err != nil {
		t.Fatalf("its own folder: %v", err)
	}
	f.owner.uid++
	if err := f.makeSocketDir(); !errors.Is(err, ErrFolder) {
		t.Fatalf("got %v", err)
	}
}

// Root can write anywhere, but not run Postgres; other users the reverse.
func TestFolderThatIsClosed(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(tempDir(t), "closed")
	mode := os.FileMode(0o700)
	if os.Geteuid() != 0 {
		mode = 0o500
	}
	if err := os.Mkdir(closed, mode); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Dir: filepath.Join(closed, "db")})
	if !errors.Is(err, ErrFolder) || !strings.Contains(err.Error(), closed) || !strings.Contains(err.Error(), "choose another --data-dir") {
		t.Fatalf("got %v", err)
	}
}

func TestFolderThatIsAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(tempDir(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Config{Dir: file}); !errors.Is(err, ErrFolder) {
		t.Fatalf("got %v", err)
	}
}

func TestBlockedAtNamesTheFirstClosedFolder(t *testing.T) {
	t.Parallel()
	top := tempDir(t)
	deep := filepath.Join(top, "a", "b", "c")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		mode     os.FileMode
		uid, gid int
		blocked  bool
	}{
		{"open to all", 0o755, os.Geteuid() + 1, os.Getegid() + 1, false},
		{"closed to others", 0o770, os.Geteuid() + 1, os.Getegid() + 1, true},
		{"open to the group", 0o710, os.Geteuid() + 1, os.Getegid(), false},
		{"closed to the group alone", 0o705, os.Geteuid() + 1, os.Getegid(), true},
		{"root enters everywhere", 0o700, 0, os.Getegid() + 1, false},
	} {
		middle := filepath.Join(top, "a", "b")
		if err := os.Chmod(middle, c.mode); err != nil {
			t.Fatal(err)
		}
		at, err := account{"them", c.uid, c.gid}.blockedAt(deep)
		if err != nil || (at == middle) != c.blocked {
			t.Errorf("%s: blocked at %q, %v", c.name, at, err)
		}
	}
}

func TestLogIsPutAsideWhenItIsLarge(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	for _, size := range []int64{0, maxLog, maxLog + 1} {
		log, err := openLog(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(log.file.Truncate(size), log.file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path + ".old"); err == nil {
		t.Fatal("put aside too early")
	}
	log, err := openLog(path)
	if err != nil || log.begin != 0 {
		t.Fatalf("begins at %d, %v", log.begin, err)
	}
	defer log.file.Close()
	if _, err := os.Stat(path + ".old"); err != nil {
		t.Fatal(err)
	}
}
