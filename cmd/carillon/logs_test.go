package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/shared/eventually"
)

// screen is where a command writes that goes on. It is safe for concurrent use.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// shows waits until a text has been written so many times.
func (s *screen) shows(t *testing.T, want string, times int) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if got := strings.Count(s.text.String(), want); got < times {
			return fmt.Errorf("%q is there %d times, want %d, in:\n%s", want, got, times, s.text.String())
		}
		return nil
	})
}

// line is a connection that can be cut, to a server.
type line struct {
	address string
	mu      sync.Mutex
	open    []net.Conn
}

func newLine(t *testing.T, server string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{address: listener.Addr().String()}
	t.Cleanup(func() { _ = listener.Close(); l.cut() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			l.join(near, server)
		}
	}()
	return l
}

func (l *line) join(near net.Conn, server string) {
	far, err := net.Dial("tcp", server)
	if err != nil {
		_ = near.Close()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, near, far)
	go func() { _, _ = io.Copy(near, far) }()
	go func() { _, _ = io.Copy(far, near) }()
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.open {
		_ = conn.Close()
	}
	l.open = nil
}

// followed is `carillon logs -f` under way, over a line that can be cut.
type followed struct {
	out, err screen
	line     *line
}

func (l *live) follow(t *testing.T, args ...string) *followed {
	t.Helper()
	f := &followed{line: newLine(t, l.address)}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := rootCommand()
	cmd.SetOut(&f.out)
	cmd.SetErr(&f.err)
	cmd.SetArgs(append([]string{"logs", "-f", "--server", "http://" + f.line.address, "--data-dir", l.folder}, args...))
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it ends with %v", err)
		}
	})
	return f
}

func logsOnALiveSystem(t *testing.T, l *live) {
	name, other := l.create(t, "logged", "/"), l.create(t, "unlogged", "/")
	lines, events := l.follow(t, "--job", name, "--state", "succeeded"), l.follow(t, "--since", "0", "--job", name, "-o", "json")
	l.ok(t, "run", name, "--wait")
	events.out.shows(t, `"state":"succeeded"`, 1)
	eventually.Succeeds(t, func() error { // until it follows: who comes late misses what was
		if _, err := l.do(t.Context(), "", "run", name, "--wait"); err != nil {
			return err
		}
		if lines.out.mu.Lock(); lines.out.text.Len() == 0 {
			defer lines.out.mu.Unlock()
			return fmt.Errorf("nothing is shown")
		}
		lines.out.mu.Unlock()
		return nil
	})
	lines.line.cut()
	events.line.cut()
	l.ok(t, "run", other, "--wait")
	l.ok(t, "run", name, "--wait")
	lines.err.shows(t, "Connecting again", 1)
	runs := read[[]struct{ ID string }](t, l, "runs", "list", "--job", name)
	for i, run := range runs {
		events.out.shows(t, `"run_id":"`+run.ID+`"`, 1)
		if i == 0 {
			lines.out.shows(t, "succeeded  "+name+"  manual  attempt 1  200  "+run.ID, 1)
		}
	}
	events.out.mu.Lock()
	defer events.out.mu.Unlock()
	if text := events.out.text.String(); strings.Contains(text, "unlogged") || strings.Count(text, `"event":"finished"`) != len(runs) {
		t.Errorf("of %d runs there is:\n%s", len(runs), text)
	}
}

func TestWhatLogsRefuse(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{"give -f": {}, "must be table or json": {"-f", "-o", "yaml"}, "connection refused": {"-f"}} {
		cmd := rootCommand()
		cmd.SetArgs(append([]string{"logs", "--server", "http://127.0.0.1:1", "--key", "k"}, args...))
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
