package planner

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// The definitions of a herd are there this long before it is due.
const (
	fillRate = 20_000 // a second, at the least
	settle   = 10 * time.Second
)

// planHerd adds jobs that are due at one instant, and returns how many of them
// are planned per second: from that instant until the last one is stored, by the
// server's clock.
func (b *bench) planHerd(ctx context.Context, p *planner, jobs *stock) (float64, error) {
	n := b.report.herd
	due := time.Now().Add(time.Duration(n/fillRate)*time.Second + settle).Truncate(time.Second)
	b.say("  herd of %d", n)
	err := b.server.fill(ctx, n, func(i int) *wire.Definition {
		return jobs.definition(b.jobs+i, schedule.Spec{At: &due}, due.Add(-time.Second))
	}, b.say)
	if err != nil {
		return 0, err
	}
	time.Sleep(time.Until(due))
	own, servers := process.CPU(p.cmd.Process.Pid), process.CPU(b.server.PID)
	if err := p.await(ctx, firesMetric, float64(n)); err != nil {
		return 0, err
	}
	own, servers = process.CPU(p.cmd.Process.Pid)-own, process.CPU(b.server.PID)-servers
	stream, err := b.server.JS.Stream(ctx, topology.RunsStream)
	if err != nil {
		return 0, err
	}
	took := stream.CachedInfo().State.LastTime.Sub(due)
	b.say("  planned in %s, with %.1f s of CPU time in the planner and %.1f s in the server", took.Round(time.Millisecond), own, servers)
	return float64(n) / took.Seconds(), nil
}
