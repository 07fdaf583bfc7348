package system

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/service"
	"golang.org/x/sync/errgroup"
)

const adminKey = "car_key-of-the-whole-system-tests-0123456789ab"

// system is a running Carillon.
type system struct {
	*client.Client
	base     string
	database string // URL, for damage
}

// everywhere runs a test against each way of running Carillon.
func everywhere(t *testing.T, test func(*testing.T, *system)) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *system{"one process": startInProcess, "processes": startProcesses} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

// startInProcess runs one of each service in this process.
func startInProcess(t *testing.T) *system {
	t.Helper()
	s, _ := runInProcess(t, natstest.Start(t).Config(), pgtest.Database(t), seal.Config{})
	return s
}

// runInProcess is startInProcess on servers that are there. Stop ends it before the
// test does.
func runInProcess(t *testing.T, nats bus.Config, database string, keys seal.Config) (s *system, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, rn, rc, g := configs(t)
	p.NATS, rn.NATS, rc.NATS, g.NATS = nats, nats, nats, nats
	rc.Postgres.URL, g.Postgres.URL = database, database
	g.Listener, g.AdminKey = listener, adminKey
	g.MasterKeys, rn.MasterKeys = keys, keys
	g.PublicURL = "http://" + listener.Addr().String()
	rn.PublicURL = g.PublicURL

	ctx, cancel := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error { return planner.Run(ctx, p, nil) })
	group.Go(func() error { return runner.Run(ctx, rn, nil) })
	group.Go(func() error { return recorder.Run(ctx, rc, nil) })
	group.Go(func() error { return gateway.Run(ctx, g, nil) })
	stop = sync.OnceFunc(func() {
		cancel()
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	s = ready(t, listener.Addr().String())
	s.database = database
	return s, stop
}

// configs are the services' defaults, with loopback targets allowed.
func configs(t *testing.T) (p planner.Config, rn runner.Config, rc recorder.Config, g gateway.Config) {
	t.Helper()
	if err := errors.Join(service.Load(&p), service.Load(&rn), service.Load(&rc), service.Load(&g)); err != nil {
		t.Fatal(err)
	}
	var loopback runner.AllowedTarget
	if err := loopback.UnmarshalText([]byte("127.0.0.0/8")); err != nil {
		t.Fatal(err)
	}
	rn.AllowTargets = append(rn.AllowTargets, loopback)
	return p, rn, rc, g
}

// startProcesses runs two planners, two runners, a recorder and a gateway as
// processes, over a nats-server process.
func startProcesses(t *testing.T) *system {
	t.Helper()
	nats, listen, database := freeAddress(t), freeAddress(t), pgtest.Database(t)
	host, port, _ := net.SplitHostPort(nats)
	start(t, nil, natsBinary, "-js", "-sd", t.TempDir(), "-a", host, "-p", port)
	env := []string{
		"NATS_URL=nats://" + nats, "DATABASE_URL=" + database, "CARILLON_ADMIN_LISTEN=127.0.0.1:0",
		"CARILLON_LISTEN=" + listen, "CARILLON_ADMIN_KEY=" + adminKey, "CARILLON_ALLOW_TARGETS=127.0.0.0/8",
		"CARILLON_PUBLIC_URL=http://" + listen, "CARILLON_LOG_LEVEL=error", "OTEL_EXPORTER_OTLP_ENDPOINT=" + spans.endpoint(),
	}
	for _, name := range []string{"planner", "planner", "runner", "runner", "recorder", "gateway"} {
		start(t, env, carillonBinary, name)
	}
	s := ready(t, listen)
	s.database = database
	return s
}

// start starts a process that ends, in order, with the test.
func start(t *testing.T, env []string, binary string, args ...string) *exec.Cmd {
	t.Helper()
	return startInto(t, &log{}, env, binary, args...)
}

// startInto is start, with what the process prints in a log.
func startInto(t *testing.T, out *log, env []string, binary string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%v:\n%s", cmd.Args, out)
		}
	})
	return cmd
}

// Ports are handed out one after the other from some first one, below those that the
// kernel gives to connections (32768 on): so nobody else takes one before it is
// listened on.
var (
	firstPort  = 10_000 + rand.Int32N(11_000)
	portsTaken atomic.Int32
)

// freeAddress is an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+portsTaken.Add(1))
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// ready waits until a gateway takes requests.
func ready(t *testing.T, address string) *system {
	t.Helper()
	s := &system{base: "http://" + address, Client: client.New("http://"+address, adminKey)}
	eventually.Succeeds(t, func() error {
		response, err := http.Get(s.base + "/readyz")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: %s", response.Status)
		}
		return nil
	})
	return s
}

// until polls like eventually.Succeeds, for what takes longer on a busy machine.
func until(t *testing.T, limit time.Duration, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for err := check(); err != nil; err = check() {
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}
