package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/spf13/cobra"
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

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// shows waits until a text has been written.
func (s *screen) shows(t *testing.T, want string) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		if text := s.String(); !strings.Contains(text, want) {
			return fmt.Errorf("%q is not in:\n%s", want, text)
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
	lines, events := l.follow(t, "--job", name, "--state", "succeeded"), l.follow(t, "--job", name, "-o", "json")
	eventually.Succeeds(t, func() error { // until both follow: who comes late misses what was
		_, err := l.do(t.Context(), "", "run", name, "--wait")
		if err == nil && (lines.out.String() == "" || !strings.Contains(events.out.String(), "succeeded")) {
			err = errors.New("nothing is shown")
		}
		return err
	})
	lines.line.cut()
	events.line.cut()
	l.ok(t, "run", other, "--wait")
	after := read[client.Run](t, l, "run", name, "--wait").ID.String()
	lines.out.shows(t, "succeeded  "+name+"  manual  attempt 1  200  "+after)
	events.out.shows(t, `"run_id":"`+after+`"`)
	lines.err.shows(t, "Connecting again")
	if text := events.out.String(); strings.Contains(text, "unlogged") || strings.Contains(text, "reset") {
		t.Error(text)
	}
}

func TestAGapInTheLogsIsTold(t *testing.T) {
	t.Parallel()
	gap := client.Event{Sequence: 42, Type: "reset", Reason: "too long ago"}
	for output, want := range map[string]string{"table": "Events up to 42 are missing: too long ago.", "json": `"type":"reset"`} {
		var out screen
		cmd := &cobra.Command{}
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		if err := (&logsRequest{asking: asking{output: output}}).line(cmd, gap); err != nil {
			t.Error(err)
		}
		out.shows(t, want)
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
