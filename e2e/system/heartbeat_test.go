package system

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"net/http"

	"github.com/carillon-cron/carillon/shared/pgserver"
)

// body is a Carillon of one process for each part, each of which can be killed.
type body struct {
	t      *testing.T
	env    []string
	nats   []string
	pgDir  string
	parts  map[string]*exec.Cmd
	pg     *pgserver.Server
	visits *visits
}

const (
	// beatEvery is how often a heart beats; silence is how long it has to be still to
	// be dead: more than the longest time for which an old proof is good.
	beatEvery = time.Second
	silence   = 9 * time.Second
)

func newBody(t *testing.T) *body {
	t.Helper()
	outside, url := newVisits(t, func(http.ResponseWriter, *http.Request) {})
	nats, listen := freeAddress(t), freeAddress(t)
	host, port, _ := net.SplitHostPort(nats)
	dir, err := os.MkdirTemp("", "carillon-heart-*") // others may enter it, unlike t.TempDir's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b := &body{
		t: t, nats: []string{"-js", "-sd", t.TempDir(), "-a", host, "-p", port}, pgDir: filepath.Join(dir, "pg"),
		parts: map[string]*exec.Cmd{}, visits: outside,
	}
	b.startPostgres()
	b.env = []string{
		"NATS_URL=nats://" + nats, "DATABASE_URL=" + b.pg.URL(), "CARILLON_ADMIN_LISTEN=127.0.0.1:0", "CARILLON_LISTEN=" + listen,
		"CARILLON_ADMIN_KEY=" + adminKey, "CARILLON_ALLOW_TARGETS=127.0.0.0/8", "CARILLON_LOG_LEVEL=error",
		"CARILLON_PUBLIC_URL=http://" + listen, "CARILLON_HEARTBEAT_URL=" + url + "/beat", "CARILLON_HEARTBEAT_EVERY=" + beatEvery.String(),
	}
	for _, name := range []string{"nats", "planner", "runner", "recorder", "gateway"} {
		b.start(name)
	}
	ready(t, listen)
	return b
}

func (b *body) startPostgres() {
	b.t.Helper()
	server, err := pgserver.Start(context.Background(), pgserver.Config{Dir: b.pgDir, NoSync: true})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = server.Stop(context.Background()) })
	b.pg = server
}

func (b *body) start(name string) {
	b.t.Helper()
	switch name {
	case "postgres":
		b.startPostgres()
	case "nats":
		b.parts[name] = start(b.t, nil, natsBinary, b.nats...)
	default:
		b.parts[name] = start(b.t, b.env, carillonBinary, name)
	}
}

func (b *body) kill(name string) {
	b.t.Helper()
	if name == "postgres" {
		if err := b.pg.Stop(context.Background()); err != nil {
			b.t.Fatal(err)
		}
		return
	}
	_ = b.parts[name].Process.Kill()
	_, _ = b.parts[name].Process.Wait()
}

// last is when the last beat came.
func (b *body) last() time.Time {
	at, _ := b.visits.of("/beat")
	if len(at) == 0 {
		return time.Time{}
	}
	return at[len(at)-1]
}

// beats waits for one that comes from now on.
func (b *body) beats(when string) {
	b.t.Helper()
	from := time.Now()
	until(b.t, 90*time.Second, func() error {
		if !b.last().After(from) {
			return fmt.Errorf("%s: no beat since %v", when, b.last())
		}
		return nil
	})
}

// still waits until no beat has come for long.
func (b *body) still(when string) {
	b.t.Helper()
	until(b.t, 60*time.Second, func() error {
		if since := time.Since(b.last()); since < silence {
			return fmt.Errorf("%s: a beat %s ago", when, since)
		}
		return nil
	})
}

// TestTheHeartbeatStopsWhateverDies kills a service and a server in turn; with -full
// each part that there is.
func TestTheHeartbeatStopsWhateverDies(t *testing.T) {
	t.Parallel()
	b := newBody(t)
	b.beats("at the start")
	parts := []string{"recorder", "nats"}
	if *full {
		parts = []string{"planner", "runner", "recorder", "gateway", "nats", "postgres"}
	}
	for _, part := range parts {
		b.kill(part)
		b.still("without " + part)
		b.start(part)
		b.beats("with " + part + " again")
	}
}
