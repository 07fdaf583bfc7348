package planner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/carillon-cron/carillon/bench/broker"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// Say tells whoever waits how far the measuring is.
type Say func(format string, args ...any)

// bench is one measuring.
type bench struct {
	jobs   int
	binary string // of carillon
	server *server
	say    Say
	report Report
}

// herdSize is how many jobs are due at one instant, of a million.
const herdSize = 100_000

// Measure measures a planner with a number of jobs. It takes a few minutes for a
// million, and a few GiB of disk space for temporary files.
func Measure(ctx context.Context, jobs int, say Say) (*Report, error) {
	dir, err := os.MkdirTemp("", "carillon-bench-planner-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b := &bench{jobs: jobs, binary: filepath.Join(dir, "carillon"), say: say, report: Report{jobs: jobs, herd: min(jobs, herdSize)}}
	if out, err := exec.Command("go", "build", "-o", b.binary, "./cmd/carillon").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	nats, err := broker.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer nats.Close()
	b.server = &server{nats}
	for _, part := range []func(context.Context) error{b.load, b.idleAndHerd} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return &b.report, nil
}

// load measures how a planner takes in a mix of jobs. None is due before
// tomorrow, so that nothing else is measured.
func (b *bench) load(ctx context.Context) error {
	b.say("planner: %d jobs with a mix of schedules", b.jobs)
	jobs := newStock()
	p, err := b.start(ctx, jobs, jobs.mixed)
	if err != nil {
		return err
	}
	defer p.stop()
	b.report.ready, b.report.busy = p.ready, p.busy
	b.report.mixed, err = p.memory()
	return err
}

// start fills JOBS with jobs that begin tomorrow, and starts a planner.
func (b *bench) start(ctx context.Context, jobs *stock, spec func(int) schedule.Spec) (*planner, error) {
	tomorrow := time.Now().Add(24 * time.Hour)
	if err := b.server.Empty(ctx, topology.JobsStream); err != nil {
		return nil, err
	}
	err := b.server.fill(ctx, b.jobs, func(i int) *wire.Definition { return jobs.definition(i, spec(i), tomorrow) }, b.say)
	if err != nil {
		return nil, err
	}
	p, err := startPlanner(ctx, b.binary, b.server.Address, b.say)
	if err == nil {
		b.say("  it plans after %s, with %.1f s of CPU time", p.ready.Round(time.Millisecond), p.busy)
	}
	return p, err
}

// idleAndHerd measures a planner that has yearly jobs only, and then a herd.
func (b *bench) idleAndHerd(ctx context.Context) error {
	before, err := b.rawRate(ctx)
	if err != nil {
		return err
	}
	b.say("planner: %d yearly jobs", b.jobs)
	jobs := newStock()
	p, err := b.start(ctx, jobs, jobs.yearly)
	if err != nil {
		return err
	}
	b.report.yearlyReady = p.ready
	err = b.watch(ctx, p, jobs)
	p.stop()
	if err != nil {
		return err
	}
	after, err := b.rawRate(ctx)
	b.report.raw = [2]float64{before, after}
	return err
}

func (b *bench) watch(ctx context.Context, p *planner, jobs *stock) (err error) {
	if b.report.yearly, err = p.memory(); err != nil {
		return err
	}
	b.say("  idle for half a minute")
	if b.report.idle, err = p.idle(ctx); err != nil {
		return err
	}
	b.report.planned, err = b.planHerd(ctx, p, jobs)
	return err
}

func (b *bench) rawRate(ctx context.Context) (float64, error) {
	b.say("bare loop: %d runs in atomic batches", b.report.herd)
	return b.server.raw(ctx, b.report.herd, b.say)
}
