package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/up"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// errSilent is why somebody goes on waiting for what is yet to be recorded.
var errSilent = errors.New("nothing is to be seen yet")

// live is a running Carillon that commands are tried on, and a target for its jobs.
type live struct {
	address, folder string
	target          string
	nats, database  string
}

// TestCommandsOnALiveSystem starts one system for all commands that ask a server.
func TestCommandsOnALiveSystem(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	for name, test := range map[string]func(*testing.T, *live){
		"jobs":       jobsOnALiveSystem,
		"pause":      pauseOnALiveSystem,
		"run":        runOnALiveSystem,
		"runs":       runsOnALiveSystem,
		"secrets":    secretsOnALiveSystem,
		"keys":       keysOnALiveSystem,
		"queues":     queuesOnALiveSystem,
		"doctor":     doctorOnALiveSystem,
		"completion": completionOnALiveSystem,
		"access":     accessOnALiveSystem,
		"logs":       logsOnALiveSystem,
		"alerts":     alertsOnALiveSystem,
		"stats":      statsOnALiveSystem,
		"checks":     checksOnALiveSystem,
		"forecast":   forecastOnALiveSystem,
		"files":      filesOnALiveSystem,
		"prune":      pruneOnALiveSystem,
		"export":     exportOnALiveSystem,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, l)
		})
	}
}

func startLive(t *testing.T) *live {
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusTeapot)
		}
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(target.Close)
	l := &live{
		address: freeAddress(t), folder: t.TempDir(), target: target.URL,
		nats: natstest.Start(t).Config().URL, database: pgtest.Database(t),
	}
	ctx, cancel := context.WithCancel(context.Background())
	config := up.Config{
		DataDir: l.folder, Listen: l.address, AllowTargets: []string{"127.0.0.0/8"}, DatabaseURL: l.database, NATSURL: l.nats, LogLevel: 8, Out: io.Discard,
	}
	ended := make(chan error, 1)
	go func() { ended <- up.Run(ctx, config) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	eventually.Succeeds(t, func() error {
		answer, err := http.Get("http://" + l.address + "/readyz")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: %s", answer.Status)
		}
		return nil
	})
	return l
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// do runs a command with the admin's key, and a text as its standard input.
func (l *live) do(ctx context.Context, in string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := rootCommand()
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetArgs(append(args, "--server", "http://"+l.address, "--data-dir", l.folder))
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

// ok runs a command that has to succeed.
func (l *live) ok(t *testing.T, args ...string) string {
	t.Helper()
	out, err := l.do(t.Context(), "", args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

// refused runs a command that has to fail, and checks that its error has a text.
func (l *live) refused(t *testing.T, want string, args ...string) {
	t.Helper()
	if _, err := l.do(t.Context(), "", args...); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v: %v, want %q", args, err, want)
	}
}

// read runs a command and reads its JSON.
func read[T any](t *testing.T, l *live, args ...string) (value T) {
	t.Helper()
	out := l.ok(t, append(args, "-o", "json")...)
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		t.Fatalf("%v: %v in %s", args, err, out)
	}
	return value
}

// create makes a job that never fires by itself, and returns what it is named by.
func (l *live) create(t *testing.T, name, path string) string {
	t.Helper()
	text := fmt.Sprintf("name: %s\nnamespace: cli\nschedule: {cron: 0 0 1 1 *}\ntarget: {url: %s%s}\nretry: {max_attempts: 1}\n", name, l.target, path)
	if _, err := l.do(t.Context(), text, "jobs", "create", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	return "cli/" + name
}

// client is one of the admin's.
func (l *live) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := (&connection{server: "http://" + l.address, dataDir: l.folder}).client()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
