package runner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/carillon-cron/carillon/bench/broker"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Config says what to measure beside what.
type Config struct {
	// URL is where the target answers after the time that follows it.
	URL string
	// AtOnce is how many calls there are at once.
	AtOnce int
	// Bare makes calls in a bare loop, and returns how many there were in a second,
	// and the CPU seconds of one.
	Bare func(ctx context.Context, url string, calls int) (perSecond, cpuPerCall float64, err error)
	// Say tells whoever waits how far the measuring is.
	Say func(format string, args ...any)
}

// load is what a runner is measured with.
type load struct {
	answers time.Duration // how long the target takes to answer
	slots   int           // the queue's limit, in calls at once
	runs    int
}

// A slot is held until the run's outcome is stored, so a higher limit comes to more
// of the calls that may be made at once. A target that answers at once leaves all to
// the processors; one that takes its time shows what the limit on calls at once does.
var loads = []load{
	{0, 1, 50_000},
	{0, 3, 50_000},
	{2 * time.Millisecond, 3, 50_000},
	{5 * time.Millisecond, 3, 50_000},
	{20 * time.Millisecond, 3, 20_000},
}

const warmRuns = 5_000

// Measure measures a runner.
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
	report := &Report{atOnce: config.AtOnce}
	for _, load := range loads {
		b := &bench{Config: config, load: load, binary: binary}
		b.URL += load.answers.String()
		row, err := b.measure(ctx)
		if err != nil {
			return nil, err
		}
		report.rows = append(report.rows, row)
	}
	return report, nil
}

// bench is one measuring.
type bench struct {
	Config
	load
	binary string // of carillon
}

// measure measures a runner between two bare loops, because the speed of a machine
// drifts.
func (b *bench) measure(ctx context.Context) (row row, err error) {
	limit := b.slots * b.AtOnce
	b.Say("runner alone: %d runs of %s, a queue of %d", b.runs, b.answers, limit)
	before, cpu, err := b.Bare(ctx, b.URL, b.runs)
	if err != nil {
		return row, err
	}
	if row, err = b.measureRunner(ctx, limit); err != nil {
		return row, err
	}
	after, _, err := b.Bare(ctx, b.URL, b.runs)
	row.load, row.limit, row.bare, row.bareCPU = b.load, limit, (before+after)/2, cpu
	return row, err
}

func (b *bench) measureRunner(ctx context.Context, limit int) (row row, err error) {
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
	return r.run(ctx, queue, b.runs)
}
