package runner

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/carillon-cron/carillon/bench/broker"
	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

// runner is a running `carillon runner` process, and the server that it works for.
type runner struct {
	admin process.Admin
	cmd   *exec.Cmd
	nats  *broker.Broker
	url   string // of the target
}

// allocations is one of the runner's metrics.
const allocations = "go_memstats_mallocs_total"

// start starts a runner, with the garbage collection that the manifests set, and waits until it serves its queues.
func (b *bench) start(ctx context.Context, nats *broker.Broker) (*runner, error) {
	r := &runner{admin: process.Admin(process.FreeAddress()), cmd: exec.Command(b.binary, "runner"), nats: nats, url: b.URL}
	r.cmd.Env = append(os.Environ(), "NATS_URL="+nats.Address, "CARILLON_ADMIN_LISTEN="+string(r.admin), "CARILLON_LOG_LEVEL=warn",
		"CARILLON_ALLOW_TARGETS=127.0.0.0/8", "CARILLON_HOST_CONNECTIONS="+strconv.Itoa(b.AtOnce), "GOGC=400")
	r.cmd.Stderr = os.Stderr
	b.Say("  admin address %s", r.admin)
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	if err := r.admin.AwaitReady(ctx); err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// stop ends the runner in order.
func (r *runner) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
}

// run has the runner make n runs, which lie in a queue before it is there.
func (r *runner) run(ctx context.Context, queue carillon.Queue, n int) (row row, err error) {
	if err := r.nats.Publish(ctx, n, func(int) *nats.Msg { return due(r.url, queue.Name) }, func(int) {}); err != nil {
		return row, err
	}
	before, err := r.outcomes(ctx)
	if err != nil {
		return row, err
	}
	mallocs, own, servers := r.admin.Metric(allocations), process.CPU(r.cmd.Process.Pid), process.CPU(r.nats.PID)
	start := time.Now()
	if _, err := r.nats.JS.Publish(ctx, topology.Queue(queue.Name), wire.Encode(queue)); err != nil {
		return row, err
	}
	end, err := r.await(ctx, before.LastSeq+uint64(n))
	runs := float64(n)
	row.perSecond = runs / end.Sub(start).Seconds()
	row.cpu, row.serverCPU = (process.CPU(r.cmd.Process.Pid)-own)/runs, (process.CPU(r.nats.PID)-servers)/runs
	row.allocations = (r.admin.Metric(allocations) - mallocs) / runs
	return row, err
}

// due is the message of a run of a job of its own, as a planner makes it.
func due(url, queue string) *nats.Msg {
	now, job := time.Now().UTC(), carillon.NewJobID()
	document := carillon.Document{Name: "bench", Queue: queue, Target: carillon.Target{URL: url}}.WithDefaults()
	definition := wire.Definition{Job: carillon.Job{ID: job, Revision: 1, Document: document}}
	run := wire.Run{ID: carillon.NewRunID(job, carillon.KindSchedule, now), Kind: carillon.KindSchedule, FireTime: now, PlannedAt: now, Attempt: 1}
	return &nats.Msg{
		Subject: topology.Ready(job, queue), Data: wire.Encode(definition.Call()),
		Header: nats.Header{wire.RunHeader: {string(wire.Encode(run))}},
	}
}
