package planner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// planner is a running `carillon planner` process.
type planner struct {
	admin process.Admin
	cmd   *exec.Cmd
	ready time.Duration // from its start until it planned all partitions
	busy  float64       // seconds of CPU time until then
}

// Of the planner's metrics.
const (
	partitionsMetric = "carillon_planner_partitions"
	firesMetric      = "carillon_planner_fires_total"
)

// startPlanner starts a planner and waits until it plans everything.
func startPlanner(ctx context.Context, binary, url string, say Say) (*planner, error) {
	p := &planner{admin: process.Admin(process.FreeAddress()), cmd: exec.Command(binary, "planner")}
	p.cmd.Env = append(os.Environ(), "NATS_URL="+url, "CARILLON_ADMIN_LISTEN="+string(p.admin), "CARILLON_LOG_LEVEL=warn")
	p.cmd.Stderr = os.Stderr
	say("  starting a planner, admin address %s", p.admin)
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	err := p.admin.AwaitReady(ctx)
	if err == nil {
		err = p.await(ctx, partitionsMetric, carillon.Partitions)
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	p.ready, p.busy = time.Since(start), process.CPU(p.cmd.Process.Pid)
	return p, nil
}

// await waits until a metric has reached a value.
func (p *planner) await(ctx context.Context, metric string, value float64) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for p.admin.Metric(metric) < value {
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s is %g, not %g", metric, p.admin.Metric(metric), value), ctx.Err())
		case <-time.After(200 * time.Millisecond): // to ask costs the planner a millisecond
		}
	}
	return nil
}

// stop ends the planner in order.
func (p *planner) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// memory is what a planner takes, in bytes.
type memory struct {
	inUse    float64 // of the heap, after a collection
	occupied float64 // spans of the heap before it: what is in use, and garbage
	peak     float64 // physical memory of the process, at most so far
}

func (p *planner) memory() (m memory, err error) {
	m.occupied, m.peak = p.admin.Metric("go_memstats_heap_inuse_bytes"), process.PeakMemory(p.cmd.Process.Pid)
	err = p.admin.CollectGarbage()
	m.inUse = p.admin.Metric("go_memstats_heap_alloc_bytes")
	return m, err
}

// idle is the share of a core that the planner uses while nothing is due.
func (p *planner) idle(ctx context.Context) (float64, error) {
	const watched = 30 * time.Second
	before, start := process.CPU(p.cmd.Process.Pid), time.Now()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(watched):
	}
	return (process.CPU(p.cmd.Process.Pid) - before) / time.Since(start).Seconds(), nil
}
