package up

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/telemetry"
	"github.com/nats-io/nats.go"
)

// Config is what `carillon up` can be told.
type Config struct {
	DataDir      string   `env:"-"` // folder for everything that is kept
	Listen       string   `env:"-"` // address of the API
	AllowTargets []string `env:"-"` // private addresses that jobs may call
	Demo         bool     `env:"-"` // load example jobs, show what becomes of them

	DatabaseURL string     `env:"DATABASE_URL"`          // instead of the private Postgres
	NATSURL     string     `env:"NATS_URL"`              // instead of the embedded server
	AdminListen string     `env:"CARILLON_ADMIN_LISTEN"` // health and metrics; none by default
	LogLevel    slog.Level `env:"CARILLON_LOG_LEVEL" envDefault:"warn"`
	Telemetry   telemetry.Config

	Out io.Writer `env:"-"` // where a person reads
}

// stopTimeout bounds how long Postgres may take to stop.
const stopTimeout = 5 * time.Second

// Run runs the whole system until ctx ends. It fails if it cannot start, and
// then the error is for a person to read; or if a part of it ends by itself.
func Run(ctx context.Context, config Config) error {
	service.SetLog(config.LogLevel)
	collectLess()
	f, err := openFolder(config.DataDir)
	if err != nil {
		return err
	}
	defer f.close()
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (%w): choose another host:port with --listen", config.Listen, cause(err))
	}
	defer listener.Close() // a second close, after the gateway's, does nothing
	stopTracing, err := service.StartTelemetry(ctx, config.Telemetry, "carillon")
	if err != nil {
		return err
	}
	defer stopTracing()
	backends, err := startBackends(ctx, config, f)
	if err != nil {
		return err
	}
	defer backends.stop()
	return runServices(ctx, config, f, listener, backends)
}

// garbagePercent lets the heap grow to five times what is alive before it is
// collected. A run allocates much and keeps nothing, so the heap stays small all
// the same, and a tenth of the CPU time is saved.
const garbagePercent = 400

func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}

// cause is the innermost part of a network error, the part worth reading.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// backends are the servers that the services stand on.
type backends struct {
	databaseURL string
	natsURL     string
	natsOptions []nats.Option
	nats        *natsserver.Server
	postgres    *pgserver.Server
}

// startBackends starts whichever servers were not given.
func startBackends(ctx context.Context, config Config, f *folder) (*backends, error) {
	b := &backends{databaseURL: config.DatabaseURL, natsURL: config.NATSURL}
	if b.databaseURL == "" {
		server, err := pgserver.Start(ctx, pgserver.Config{Dir: f.path("postgres")})
		if err != nil {
			return nil, err
		}
		b.postgres, b.databaseURL = server, server.URL()
	}
	if b.natsURL == "" {
		server, err := natsserver.Start(natsserver.Config{Dir: f.path("nats")})
		if err != nil {
			b.stop()
			return nil, err
		}
		b.nats, b.natsOptions = server, []nats.Option{server.Option()}
	}
	return b, nil
}

// failed is closed when the private Postgres ends by itself; nil if there is none.
func (b *backends) failed() <-chan struct{} {
	if b.postgres == nil {
		return nil
	}
	return b.postgres.Done()
}

func (b *backends) stop() {
	if b.nats != nil {
		b.nats.Stop()
	}
	if b.postgres != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := b.postgres.Stop(ctx); err != nil {
			slog.Error("postgres did not stop in order", "error", err)
		}
	}
}
