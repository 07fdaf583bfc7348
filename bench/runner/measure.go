package runner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/carillon-cron/carillon/bench/broker"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Config says what to measure beside what.
type Config struct {
	// URL is the target that is called.
	URL string
	// AtOnce is how many calls there are at once.
	AtOnce int
	// Bare runs the bare loop, and returns its calls per second and CPU seconds
	// per call.
	Bare func(ctx context.Context) (perSecond, cpuPerCall float64, err error)
	// Say tells whoever waits how far the measuring is.
	Say func(format string, args ...any)
}

const (
	warmRuns     = 5_000
	measuredRuns = 50_000
)

// Measure measures a runner. The bare loop runs before and after, because the speed
// of a machine drifts.
func Measure(ctx context.Context, config Config) (*Report, error) {
	dir, err := os.MkdirTemp("", "carillon-bench-runner-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "carillon")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/carillon").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	b := &bench{Config: config, binary: binary}
	report := &Report{atOnce: config.AtOnce}
	config.Say("runner alone: the bare loop")
	if report.bare[0], report.bareCPU, err = config.Bare(ctx); err != nil {
		return nil, err
	}
	// A slot is held until the run's outcome is stored, so a higher limit comes to
	// more of the calls that may be made at once.
	for _, limit := range []int{config.AtOnce, 3 * config.AtOnce} {
		row, err := b.measure(ctx, limit)
		if err != nil {
			return nil, err
		}
		report.rows = append(report.rows, row)
	}
	report.bare[1], _, err = config.Bare(ctx)
	return report, err
}

// bench is one measuring.
type bench struct {
	Config
	binary string // of carillon
}

// measure measures a runner with a queue of some limit.
func (b *bench) measure(ctx context.Context, limit int) (row row, err error) {
	b.Say("runner alone: %d runs, a queue of %d", measuredRuns, limit)
	nats, err := broker.Start(ctx)
	if err != nil {
		return row, err
	}
	defer nats.Close()
	r, err := b.start(ctx, nats)
	if err != nil {
		return row, err
	}
	defer r.stop()
	queue := carillon.Queue{Name: "warm", Concurrency: limit, Weight: 1}
	if _, err := r.run(ctx, queue, warmRuns); err != nil {
		return row, err
	}
	queue.Name = "measured"
	return r.run(ctx, queue, measuredRuns)
}
