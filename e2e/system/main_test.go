// Package system tests Carillon whole, on real parts: real NATS, real Postgres,
// real HTTP, and where processes matter, real processes and real signals.
//
// Every test of what the system does runs twice: with the four services in this
// process, as `carillon up` runs them (and under the race detector), and with
// several processes of each over an external nats-server and Postgres, as on a
// cluster. The assertions are exact: one ledger row for each fire, and at the
// target as many calls as there were attempts.
package system

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/telemetry"
)

// The binaries under test and the collector of all spans.
var (
	carillonBinary string
	natsBinary     string
	spans          *collector
)

func TestMain(m *testing.M) { os.Exit(prepare(m)) }

func prepare(m *testing.M) int {
	dir, err := os.MkdirTemp("", "carillon-e2e-*")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		return fail(err)
	}
	service.SetLog(8) // errors only: outages are part of the tests
	if spans, err = startCollector(); err != nil {
		return fail(err)
	}
	stop, err := telemetry.Start(context.Background(), telemetry.Config{Endpoint: spans.endpoint(), Ratio: 1}, "carillon-e2e")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = stop(context.Background()) }()
	return pgtest.Main(m)
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

// build compiles the two commands that the tests run as processes.
func build(dir string) error {
	carillonBinary, natsBinary = filepath.Join(dir, "carillon"), filepath.Join(dir, "nats-server")
	for _, cmd := range []*exec.Cmd{
		exec.Command("go", "build", "-o", carillonBinary, "../../cmd/carillon"),
		exec.Command("go", "build", "-C", "../../tools", "-o", natsBinary, "github.com/nats-io/nats-server/v2"),
	} {
		cmd.Env = os.Environ()
		if cmd.Args[2] == "-C" {
			cmd.Env = append(cmd.Env, "GOWORK=off")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	return nil
}
