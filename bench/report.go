package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/bench/api"
	"github.com/carillon-cron/carillon/bench/planner"
	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/bench/runner"
	"github.com/carillon-cron/carillon/bench/table"
)

// report is all figures of one run.
type report struct {
	bare, bareAfter rate
	loads           []herdResult // as in loads
	herds           []herdResult
	idle            lateness
	runner          *runner.Report
	planner         *planner.Report
	api             *api.Report
}

// bareRate is the mean of the bare loop before and after: the machine's speed
// drifts.
func (r *report) bareRate() float64 { return (r.bare.perSecond() + r.bareAfter.perSecond()) / 2 }

// String is the report as Markdown tables.
func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The bare loop, before and after: %.0f and %.0f calls/s, %.3f CPU s per 1,000 calls.\n\n",
		r.bare.perSecond(), r.bareAfter.perSecond(), r.bare.cpuPer1000())
	table.Head(&b, "whole system, planned to committed", "runs/s", "of the bare loop", "CPU s per 1,000 runs", "of it Postgres's", "SQL transactions per 100 runs", "most calls at once")
	table.Row(&b, "*bounds*", "", "*at least 0.20*", "*at most 0.15*", "", "*at most 1*", "*64 allowed*")
	for i, l := range r.loads {
		r.rowOf(&b, loads[i].what, l)
	}
	fmt.Fprintf(&b, "\nLateness in an idle system, ten runs a second: p50 %s, p99 **%s** (at most 20 ms: %s), max %s.\n\n",
		table.Milliseconds(r.idle.p50), table.Milliseconds(r.idle.p99), table.Verdict(r.idle.p99 < 20*time.Millisecond), table.Milliseconds(r.idle.max))
	b.WriteString("Herds: all runs due at one instant. A run is late by the wait for one of the queue's slots, too.\n\n")
	table.Head(&b, "herd", "late p50", "p99", "max", "runs/s", "CPU s per 1,000 runs")
	for _, h := range r.herds {
		table.Row(&b, h.count, table.Milliseconds(h.late.p50), table.Milliseconds(h.late.p99), table.Milliseconds(h.late.max), fmt.Sprintf("%.0f", h.perSecond()), fmt.Sprintf("%.3f", h.cpuPer1000()))
	}
	fmt.Fprintf(&b, "\n%s\n%s\n%s", r.runner, r.planner, r.api)
	return b.String()
}

func (r *report) rowOf(b *strings.Builder, what string, h herdResult) {
	ratio, cpu, transactions := h.perSecond()/r.bareRate(), h.cpuPer1000(), 100*float64(h.transactions)/float64(h.count)
	table.Row(b, what, fmt.Sprintf("%.0f", h.perSecond()),
		fmt.Sprintf("**%.2f** %s", ratio, table.Verdict(ratio >= 0.20)),
		fmt.Sprintf("**%.3f** %s", cpu, table.Verdict(cpu <= 0.15)), fmt.Sprintf("%.3f", cpu-h.ownPer1000()),
		fmt.Sprintf("**%.2f** %s", transactions, table.Verdict(transactions <= 1)), h.mostCalls)
}

const preamble = `# Performance

Written by ` + "`make bench`" + ` on %s, on %s.

The target, ` + "`carillon up`" + ` and Postgres run as processes on one machine. The bare loop is a plain Go HTTP client, %d calls at
once, on the same target in the same run. The whole system is measured from the instant at which %d runs are due until the last
of them is committed in Postgres, once it is warm. Its calls at once are bounded by the cap on connections to a host; how many
there were, the target counted. CPU time is that of everything but the target and the bench.

%s`

// write writes the report to a file.
func (r *report) write(file string) error {
	text := fmt.Sprintf(preamble, time.Now().UTC().Format(time.DateOnly), process.Machine(), concurrency, throughputRuns, r)
	return os.WriteFile(file, []byte(text), 0o644)
}
