package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
)

// reachableDir is a folder that other users may enter, unlike t.TempDir's:
// under root, Postgres runs as somebody else.
func reachableDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "recorder")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func startPostgres(t testing.TB, config pgserver.Config) *pgserver.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	server, err := pgserver.Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopPostgres(t, server) })
	return server
}

func stopPostgres(t testing.TB, server *pgserver.Server) {
	t.Helper()
	if err := server.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func startNATS(t *testing.T, dir string, port int) *natsserver.Server {
	t.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: dir, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

// saying waits until the health of a part is what it should be.
func saying(t *testing.T, health *service.Health, part string, ready bool) {
	t.Helper()
	eventually(t, func() error {
		problems := health.Problems()
		said := slices.ContainsFunc(problems, func(p string) bool { return p == "starting" || strings.HasPrefix(p, part+": ") })
		if said == ready {
			return fmt.Errorf("ready of %s is not %t: %q", part, ready, problems)
		}
		return nil
	})
}

// stopTime is how long a stop may take: three seconds by itself, and more where
// the tests of other packages use all of the machine.
const stopTime = 10 * time.Second

// TestPostgresComesLateAndGoesAway has events all along, and Postgres only now
// and then; each recorder starts and stops without it.
func TestPostgresComesLateAndGoesAway(t *testing.T) {
	t.Parallel()
	config := pgserver.Config{Dir: reachableDir(t), NoSync: true}
	server := startPostgres(t, config)
	stopPostgres(t, server)
	nats := bus.Config{Replicas: 1, Options: []nats.Option{startNATS(t, t.TempDir(), 0).Option()}}
	s := stageOn(t, nats, server.URL())
	const rounds, each = 4, 2500
	for round := range rounds {
		health, stop := s.start(t)
		s.publish(t, topology.EventFinished, succeeded, 2*round*each, (2*round+1)*each)
		saying(t, health, "postgres", false)
		server = startPostgres(t, config)
		saying(t, health, "postgres", true)
		s.publish(t, topology.EventFinished, succeeded, (2*round+1)*each, (2*round+2)*each)
		stopPostgres(t, server)
		began := time.Now()
		if stop(); time.Since(began) > stopTime {
			t.Errorf("took %v to stop", time.Since(began))
		}
	}
	startPostgres(t, config)
	s.start(t)
	eventually(t, s.drained)
	if diff := cmp.Diff([]string{"attempts 20000", "succeeded 20000"}, s.query(t, tally)); diff != "" {
		t.Error(diff)
	}
}

// TestNATSComesLateAndGoesAway restarts the server on the same store. What was
// under way then comes again only after the consumer's ack wait.
func TestNATSComesLateAndGoesAway(t *testing.T) {
	t.Parallel()
	dir, server := t.TempDir(), startNATS(t, t.TempDir(), -1)
	address, port := server.URL(), portOf(t, server.URL())
	server.Stop()
	s := &stage{config: newConfig(bus.Config{URL: address, Replicas: 1}, pgtest.Database(t))}
	s.pool = open(t, s.config.Postgres)
	health, _ := s.start(t)
	const rounds, each = 3, 2000
	for round := range rounds {
		saying(t, health, "nats", false)
		server = startNATS(t, dir, port)
		saying(t, health, "nats", true)
		s.js = connect(t, s.config.NATS)
		s.publish(t, topology.EventFinished, succeeded, round*each, (round+1)*each)
		if round < rounds-1 {
			server.Stop()
		}
	}
	eventually(t, func() error {
		if diff := cmp.Diff([]string{"attempts 6000", "succeeded 6000"}, s.query(t, tally)); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestTheConsumerIsMadeAgain takes away what the recorder consumes from.
func TestTheConsumerIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	health, _ := s.start(t)
	saying(t, health, "outcomes", true)
	if err := s.js.DeleteConsumer(t.Context(), topology.OutcomesStream, topology.RecorderConsumer().Durable); err != nil {
		t.Fatal(err)
	}
	s.publish(t, topology.EventFinished, succeeded, 0, 100)
	eventually(t, s.drained)
	if err := s.js.DeleteStream(t.Context(), topology.OutcomesStream); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return topology.Ensure(t.Context(), s.js, 1) })
	s.publish(t, topology.EventFinished, succeeded, 100, 200)
	eventually(t, s.drained)
	if diff := cmp.Diff([]string{"attempts 200", "succeeded 200"}, s.query(t, tally)); diff != "" {
		t.Error(diff)
	}
}
