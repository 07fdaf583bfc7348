package runner

import (
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/bench/table"
)

// Report is what a measuring showed.
type Report struct {
	atOnce  int
	bare    [2]float64 // calls per second, before and after
	bareCPU float64    // seconds per call
	rows    []row
}

// row is what a runner did with a queue of some limit. CPU times are seconds per run.
type row struct {
	limit          int
	perSecond      float64
	cpu, serverCPU float64
	allocations    float64
}

// leastOfBare is the bound.
const leastOfBare = 0.5

// String is the report as a section of Markdown.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## A runner alone\n\n")
	fmt.Fprintf(&b, "From %d messages prepared to their outcomes stored, each of a job of its own, at most %d calls at once. Runner, NATS server and\n"+
		"target are processes of their own on the same machine. The bare loop, before and after: %.0f and %.0f calls/s, %.0f µs of CPU time per call.\n\n",
		measuredRuns, r.atOnce, r.bare[0], r.bare[1], 1e6*r.bareCPU)
	table.Head(&b, "queue's limit", "runs/s", "of the bare loop", "CPU per run", "the server's", "allocations per run")
	table.Row(&b, "*bounds*", "", "*at least 0.50*", "", "", "")
	for _, row := range r.rows {
		ratio := row.perSecond / ((r.bare[0] + r.bare[1]) / 2)
		table.Row(&b, row.limit, fmt.Sprintf("%.0f", row.perSecond), fmt.Sprintf("**%.2f** %s", ratio, table.Verdict(ratio >= leastOfBare)),
			fmt.Sprintf("%.0f µs", 1e6*row.cpu), fmt.Sprintf("%.0f µs", 1e6*row.serverCPU), fmt.Sprintf("%.0f", row.allocations))
	}
	return b.String()
}
