package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that Postgres runs as.
type account struct {
	name     string // for messages
	uid, gid int
}

// accountFor is this process's own user; under root, which Postgres refuses, it
// is the owner of the data folder, or postgres or nobody when there is none.
func accountFor(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{"this user", os.Geteuid(), os.Getegid()}, nil
	}
	if info, err := os.Stat(data); err == nil {
		owner := info.Sys().(*syscall.Stat_t)
		return account{fmt.Sprintf("user %d", owner.Uid), int(owner.Uid), int(owner.Gid)}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if a, err := lookupAccount(name); err == nil {
			return a, nil
		}
	}
	return account{}, errors.New("postgres cannot run as root, and this system has neither a user postgres nor a user nobody")
}

func lookupAccount(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, err
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	return account{"user " + name, uid, gid}, errors.Join(errUID, errGID)
}

// self tells whether the account is this process's own.
func (a account) self() bool { return a.uid == os.Geteuid() }

// own gives a file or folder, which this package made, to the account.
func (a account) own(path string) error {
	if a.self() {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// command is a child process under the account. It gets next to nothing of this
// process's environment: no PG… variable may change what the flags say, and
// another user's process is not to see secrets.
func (a account) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/" // the current folder may be closed to the account
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	// A group of its own: a Ctrl-C in the terminal is for this process, which
	// stops the server last.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if !a.self() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return cmd
}

// blockedAt is the first folder on the way to path, itself included, that the
// account may not enter, or "". It goes by the mode bits alone.
func (a account) blockedAt(path string) (string, error) {
	if parent := filepath.Dir(path); parent != path {
		if at, err := a.blockedAt(parent); at != "" || err != nil {
			return at, err
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !a.mayEnter(info.Mode(), info.Sys().(*syscall.Stat_t)) {
		return path, nil
	}
	return "", nil
}

func (a account) mayEnter(mode os.FileMode, owner *syscall.Stat_t) bool {
	switch {
	case a.uid == 0:
		return true
	case int(owner.Uid) == a.uid:
		return mode&0o100 != 0
	case int(owner.Gid) == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}
