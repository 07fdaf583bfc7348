package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// completed is what a shell is told that the last word may become; the word before
// it belongs to it, if that is a flag.
func (l *live) completed(t *testing.T, args ...string) string {
	t.Helper()
	all := append([]string{cobra.ShellCompNoDescRequestCmd, args[0], "--server", "http://" + l.address, "--data-dir", l.folder}, args[1:]...)
	out, err := inContext("", all...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(out), " ")
}

func completionOnALiveSystem(t *testing.T, l *live) {
	l.create(t, "tab-one", "/")
	l.create(t, "tab-two", "/")
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"jobs of a namespace", []string{"jobs", "get", "cli/tab-"}, "cli/tab-one cli/tab-two :4"},
		{"a namespace of jobs", []string{"stats", "cl"}, "cli/ :6"},
		{"one argument only", []string{"run", "cli/tab-one", "cli/tab-"}, ":4"},
		{"queues", []string{"queues", "pause", "cri"}, "critical :4"},
		{"keys", []string{"keys", "revoke", "adm"}, "admin :4"},
		{"a flag's job", []string{"logs", "--job", "cli/tab-o"}, "cli/tab-one :4"},
		{"a flag's state", []string{"logs", "--state", ""}, "queued running retrying succeeded"},
		{"a flag's kind, of alerts", []string{"alerts", "--kind", ""}, "failing missed"},
		{"a flag's namespace", []string{"forecast", "--namespace", "cl"}, "cli :4"},
		{"no such job", []string{"jobs", "get", "cli/none-"}, ":4"},
	} {
		if got := l.completed(t, c.args...); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCompletionDoesNotWaitForASilentServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	began := time.Now()
	out, err := inContext("", cobra.ShellCompNoDescRequestCmd, "run", "--server", "http://"+listener.Addr().String(), "--key", "k", "x")
	if err != nil || !strings.Contains(out, ":4") || time.Since(began) > 10*completionPatience {
		t.Errorf("%q, %v after %s", out, err, time.Since(began))
	}
}
