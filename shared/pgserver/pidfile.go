package pgserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// leftoverTime is how long an old server may take for its fast shutdown before
// it is ended at once.
const leftoverTime = 30 * time.Second

// pidFile is what a postmaster says of itself in its data folder (Postgres,
// src/include/utils/pidfile.h). The last line, the status, is written only
// after all the others.
type pidFile struct {
	pid    int
	socket string
	status string
}

// readPIDFile is false when there is no file, or one that is not complete yet.
func readPIDFile(data string) (pidFile, bool) {
	content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	lines := strings.Split(string(content), "\n")
	if err != nil || len(lines) < 8 {
		return pidFile{}, false
	}
	pid, err := strconv.Atoi(lines[0])
	return pidFile{
		pid:    pid,
		socket: filepath.Join(lines[4], ".s.PGSQL."+lines[3]),
		status: strings.TrimSpace(lines[7]),
	}, err == nil
}

// answers tells whether a postmaster still holds the socket. That it answers is
// what proves that the process id is still its own: after a crash, another
// program may have got it.
func (p pidFile) answers() bool {
	conn, err := net.Dial("unix", p.socket)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// stopLeftover stops a server that outlived the process which ran it, or waits
// for it when it is shutting down already. It returns the process id of a
// server that ended without taking its file along, or "".
//
// If it is wrong about that server being gone, Postgres still refuses to start:
// the old server's shared memory, named in the same file, is in use.
func stopLeftover(ctx context.Context, data string) (string, error) {
	begin := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		p, ok := readPIDFile(data)
		if !ok {
			return "", nil
		}
		if !p.answers() {
			return strconv.Itoa(p.pid), nil
		}
		signal := syscall.SIGINT
		if time.Since(begin) > leftoverTime {
			signal = syscall.SIGQUIT
		}
		if err := syscall.Kill(p.pid, signal); err != nil && err != syscall.ESRCH {
			return "", fmt.Errorf("%w: a server that was left running (process %d) cannot be stopped: %w", ErrInUse, p.pid, err)
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%w: a server that was left running (process %d) did not stop in time: %w", ErrInUse, p.pid, context.Cause(ctx))
		case <-tick.C:
		}
	}
}
