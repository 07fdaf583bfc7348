package runner

import (
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/bench/table"
)

// Report is what a measuring showed.
type Report struct {
	atOnce int
	rows   []row
}

// row is what a runner did with a load. CPU times are seconds per run or call.
type row struct {
	load
	limit                   int
	perSecond, bare         float64
	cpu, bareCPU, serverCPU float64
	allocations             float64
}

// leastOfBare is the bound.
const leastOfBare = 0.5

// String is the report as a section of Markdown.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## A runner alone\n\n")
	fmt.Fprintf(&b, "From messages prepared to their outcomes stored, each of a job of its own, at most %d calls at once, as in the bare loop beside it.\n"+
		"Runner, NATS server and target are processes of their own on the same machine.\n\n", r.atOnce)
	table.Head(&b, "the target takes", "queue's limit", "bare calls/s", "runs/s", "of the bare loop", "CPU per bare call", "per run", "the server's", "allocations per run")
	table.Row(&b, "*bounds*", "", "", "", "*at least 0.50*", "", "", "", "")
	for _, row := range r.rows {
		ratio := row.perSecond / row.bare
		table.Row(&b, row.answers, row.limit, fmt.Sprintf("%.0f", row.bare), fmt.Sprintf("%.0f", row.perSecond),
			fmt.Sprintf("**%.2f** %s", ratio, table.Verdict(ratio >= leastOfBare)), micros(row.bareCPU), micros(row.cpu), micros(row.serverCPU),
			fmt.Sprintf("%.0f", row.allocations))
	}
	return b.String()
}

func micros(seconds float64) string { return fmt.Sprintf("%.0f µs", 1e6*seconds) }
