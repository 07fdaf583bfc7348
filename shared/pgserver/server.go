// Package pgserver runs a private Postgres as a child process, from the binaries
// that the machine's package manager installed. It is what `carillon up` and the
// tests run on, so that both work with the real database.
//
// # Model
//
// A server is a folder, and a process while it runs:
//
//	Dir/lock          held by the Go process that runs the server
//	Dir/data          Postgres's own folder; made whole under another name, then renamed
//	Dir/run           the unix socket (a short folder in os.TempDir() when Dir is too long)
//	Dir/postgres.log  what Postgres says
//
// It listens on that unix socket only. The socket's folder has mode 0700, so the
// file system decides who gets in and no password exists. The database and its
// superuser are both called carillon.
//
// Postgres refuses to run as root. Under root it therefore runs as the owner of
// an existing data folder, else as postgres, else as nobody; folders that this
// package makes for it are given to that user, other folders are never touched.
//
// # No server outlives its parent, no two share a folder
//
// On Linux the kernel sends the server a fast shutdown when its parent dies, be
// it by kill -9. Whatever still runs at the next start, because it is still
// shutting down or because the system has no such signal, is stopped first. The
// lock keeps two parents apart; Postgres's own check of its shared memory stays
// in force below it, so a mistake here costs a refused start, never data.
//
// Left out on purpose: upgrades between major versions, TCP, passwords,
// replication, and anything but Linux and macOS.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// quitTime is how long an immediate shutdown may take before the server is
// killed: Postgres itself kills its children after 5 s, and then has to end.
const quitTime = 10 * time.Second

// Config says where a server lives. Only Dir is required.
type Config struct {
	// Dir is the server's folder. It is made if it does not exist.
	Dir string
	// MaxConnections is how many clients may be connected at once; 0 means 50.
	MaxConnections int
	// NoSync leaves everything to the file system's cache. A power cut then
	// destroys the database: for tests only.
	NoSync bool
}

// Server is a running Postgres. All methods are safe for concurrent use.
type Server struct {
	folder   *folder
	binaries installation
	cmd      *exec.Cmd
	stopping atomic.Bool
	done     chan struct{}
	err      error // written before done is closed
}

// Start makes the folder's database if there is none, starts Postgres and waits
// until it takes connections, after a crash until it has recovered. The context
// bounds the start, not the server's life. A refused start is one of
// ErrNotInstalled, ErrOtherVersion, ErrInUse or ErrFolder, each with a sentence
// for the operator, or says what Postgres said.
func Start(ctx context.Context, config Config) (*Server, error) {
	f, err := openFolder(config.Dir)
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, config, f)
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	if err := s.awaitReady(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// start gets the folder ready and starts the postmaster. On an error the folder
// is still the caller's; otherwise it is the server's.
func start(ctx context.Context, config Config, f *folder) (*Server, error) {
	binaries, err := chooseInstallation(f.data())
	if err != nil {
		return nil, err
	}
	stalePID, err := stopLeftover(ctx, f.data())
	if err != nil {
		return nil, err
	}
	if err := f.makeSocketDir(); err != nil {
		return nil, err
	}
	if err := createCluster(ctx, config, f, binaries); err != nil {
		return nil, err
	}
	return launch(config, f, binaries, stalePID)
}

// launch starts the postmaster over a folder that is ready for it.
func launch(config Config, f *folder, binaries installation, stalePID string) (*Server, error) {
	log, err := openLog(f.log())
	if err != nil {
		return nil, err
	}
	defer log.file.Close()
	cmd := f.owner.command(context.Background(), binaries.path("postgres"), flags(config, f)...)
	cmd.Stdout, cmd.Stderr = log.file, log.file
	// Postgres takes the lock file of an old server for stale when it names this
	// process: the way out when another program has got the old server's id.
	cmd.Env = append(cmd.Env, "PG_GRANDPARENT_PID="+stalePID)
	ended, err := spawn(cmd)
	if err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	s := &Server{folder: f, binaries: binaries, cmd: cmd, done: make(chan struct{})}
	go s.wait(ended, log)
	return s, nil
}

// wait records how the server ended and gives up its folder.
func (s *Server) wait(ended <-chan error, log serverLog) {
	err := <-ended
	if err != nil || !s.stopping.Load() {
		s.err = fmt.Errorf("postgres ended (%s): %s", s.cmd.ProcessState, log.lastWords())
	}
	s.err = errors.Join(s.err, s.folder.close())
	close(s.done)
}

// awaitReady returns when the server takes connections. If it never will, the
// server has ended before awaitReady returns.
func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return s.err
		case <-ctx.Done():
			_ = s.Stop(ctx) // says the same
			return fmt.Errorf("postgres was not ready in time: %w", context.Cause(ctx))
		case <-tick.C:
		}
		if p, ok := readPIDFile(s.folder.data()); ok && p.pid == s.cmd.Process.Pid && p.status == "ready" {
			return nil
		}
	}
}

// URL is the DSN of the database carillon, for pgx as well as for psql.
func (s *Server) URL() string { return databaseURL(s.folder.socket) }

// Done is closed when the server has ended, whether by Stop or not.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is nil while the server runs and after a Stop that went well; otherwise
// it says how the server ended, with the last line of its log.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Stop asks for a fast shutdown: transactions are rolled back, everything is
// written, nothing needs recovery. When the context ends before that is done,
// the server is ended at once, and the next start recovers. Stop returns when
// the server has ended.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	if s.end(ctx, syscall.SIGINT) {
		return s.err
	}
	quit, cancel := context.WithTimeout(context.Background(), quitTime)
	defer cancel()
	if !s.end(quit, syscall.SIGQUIT) {
		s.end(context.Background(), syscall.SIGKILL)
	}
	return errors.Join(fmt.Errorf("postgres did not shut down in time: %w", context.Cause(ctx)), s.err)
}

// end sends a signal and tells whether the server ended within the context.
func (s *Server) end(ctx context.Context, signal syscall.Signal) bool {
	_ = s.cmd.Process.Signal(signal) // fails only when it has ended already
	select {
	case <-s.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// RestartCommand is a shell command that starts the server again by hand, once
// it has stopped, to look at what it holds. It does not quote paths.
func (s *Server) RestartCommand() string {
	command := fmt.Sprintf(`%s -D %s -l /dev/null -o "-k %s -h ''" start`,
		s.binaries.path("pg_ctl"), s.folder.data(), s.folder.socket)
	if owner := s.folder.owner; !owner.self() {
		command = fmt.Sprintf("setpriv --reuid=%d --regid=%d --clear-groups %s", owner.uid, owner.gid, command)
	}
	return command
}
