package recorder_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience is how long a test waits for what must happen: several ack waits, on
// a machine that may be busy.
const patience = 2 * time.Minute

// stage is what recorders play on: a NATS server and a database.
type stage struct {
	js     jetstream.JetStream
	pool   *pgxpool.Pool
	config recorder.Config
}

func newStage(t testing.TB) *stage {
	t.Helper()
	return stageOn(t, embeddedNATS(t), pgtest.Database(t))
}

// newDurableStage is one whose Postgres commits to disk.
func newDurableStage(t testing.TB) *stage {
	t.Helper()
	server := startPostgres(t, pgserver.Config{Dir: reachableDir(t)})
	return stageOn(t, embeddedNATS(t), server.URL())
}

func embeddedNATS(t testing.TB) bus.Config {
	t.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return bus.Config{Replicas: 1, Options: []nats.Option{server.Option()}}
}

func stageOn(t testing.TB, nats bus.Config, database string) *stage {
	t.Helper()
	config := newConfig(nats, database)
	return &stage{js: connect(t, nats), pool: open(t, config.Postgres), config: config}
}

func newConfig(nats bus.Config, database string) recorder.Config {
	return recorder.Config{
		NATS: nats, Postgres: postgres.Config{URL: database}, BatchSize: 1000, BatchWait: 20 * time.Millisecond,
	}
}

func connect(t testing.TB, config bus.Config) jetstream.JetStream {
	t.Helper()
	nc, js, err := bus.Connect(config, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if err := topology.Ensure(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	return js
}

func open(t testing.TB, config postgres.Config) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// start runs a recorder until stop is called or the test ends.
func (s *stage) start(t testing.TB) (health *service.Health, stop func()) {
	t.Helper()
	health = service.NewHealth()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := recorder.Run(ctx, s.config, health); err != nil {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return health, stop
}

// drained fails until every message of OUTCOMES has been acknowledged.
func (s *stage) drained() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream, err := s.js.Stream(ctx, topology.OutcomesStream)
	if err != nil {
		return err
	}
	if n := stream.CachedInfo().State.Msgs; n > 0 {
		return fmt.Errorf("%d messages not acknowledged", n)
	}
	return nil
}

// query returns the rows of a query that selects one text.
func (s *stage) query(t testing.TB, sql string) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// eventually polls until check passes, and fails with its last error.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-tick.C
	}
}
