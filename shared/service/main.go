package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/carillon-cron/carillon/shared/telemetry"
)

// Config is what every service process reads beside its own settings.
type Config struct {
	// AdminListen is the address of /healthz, /readyz and /metrics; port 0 takes any free one.
	AdminListen string `env:"CARILLON_ADMIN_LISTEN" envDefault:"127.0.0.1:9470"`
	// LogLevel is debug, info, warn or error.
	LogLevel  slog.Level `env:"CARILLON_LOG_LEVEL" envDefault:"info"`
	Telemetry telemetry.Config
}

// stopTimeout bounds the flush of traces at the end of a process.
const stopTimeout = time.Second

// Main runs a service as this process until SIGINT or SIGTERM, and returns the
// process's exit code. A second signal ends the process at once.
func Main[C any](name string, run func(context.Context, C, *Health) error) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(ctx, cancel)
	if err := Run(ctx, name, run); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// Run reads C and [Config] from the environment and runs a service within its
// frame until ctx ends.
func Run[C any](ctx context.Context, name string, run func(context.Context, C, *Health) error) error {
	var frame Config
	var own C
	if err := errors.Join(Load(&frame), Load(&own)); err != nil {
		return err
	}
	SetLog(frame.LogLevel)
	stop, err := StartTelemetry(ctx, frame.Telemetry, "carillon-"+name)
	if err != nil {
		return err
	}
	defer stop()
	health := NewHealth()
	closeAdmin, err := ServeAdmin(frame.AdminListen, health.Problems)
	if err != nil {
		return err
	}
	defer closeAdmin()
	return run(ctx, own, health)
}

// StartTelemetry starts tracing for this process. The returned function flushes
// what is pending; it must be called before the process ends.
func StartTelemetry(ctx context.Context, config telemetry.Config, name string) (stop func(), err error) {
	shutdown, err := telemetry.Start(ctx, config, name)
	if err != nil {
		return nil, err
	}
	return func() { flush(shutdown) }, nil
}

// SetLog makes structured text on standard error the process's log.
func SetLog(level slog.Level) {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
}

func flush(stop func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := stop(ctx); err != nil {
		slog.Warn("traces not flushed", "error", err)
	}
}
