package planner

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/bench/table"
)

// Report is what a measuring showed.
type Report struct {
	jobs, herd         int
	ready, yearlyReady time.Duration
	busy               float64 // seconds of CPU time until ready
	mixed, yearly      memory
	idle               float64    // share of a core
	planned            float64    // of the herd, per second
	raw                [2]float64 // runs per second of the bare loop, before and after
}

// The bounds.
const (
	mostReady   = 15 * time.Second
	mostHeap    = 1 << 30
	mostIdle    = 0.01
	leastRate   = 40_000
	leastOfBare = 0.6
)

// String is the report as a section of Markdown.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## A planner with %d jobs\n\n", r.jobs)
	b.WriteString("The planner and the NATS server are processes of their own. A job has a body of 400 bytes. The mix is crons of some minute of the day,\n" +
		"the usual crons, intervals, `H`, spreads and blackouts on the clocks of eight zones; of the yearly jobs nearly each has a schedule of\n" +
		"its own. The heap is what is in use after a collection, with what the spans of the heap took before it and the most physical\n" +
		"memory that the process had, loading included. The herd is planned from the instant at which it is due until the last\n" +
		"run is stored; the bare loop stores the same messages, made in advance.\n\n")
	table.Head(&b, "", "measured", "bound", "")
	r.seconds(&b, "ready, a mix of schedules", r.ready)
	r.seconds(&b, "ready, yearly jobs", r.yearlyReady)
	r.heap(&b, "heap, a mix of schedules", r.mixed)
	r.heap(&b, "heap, yearly jobs", r.yearly)
	table.Row(&b, "idle, yearly jobs", fmt.Sprintf("%.2f %% of a core", 100*r.idle), "under 1 %", table.Verdict(r.idle < mostIdle))
	table.Row(&b, fmt.Sprintf("herd of %d", r.herd), fmt.Sprintf("%.0f fires/s", r.planned), "at least 40000 fires/s", table.Verdict(r.planned >= leastRate))
	ratio := r.planned / ((r.raw[0] + r.raw[1]) / 2)
	table.Row(&b, fmt.Sprintf("the same, of the bare loop (%.0f and %.0f runs/s)", r.raw[0], r.raw[1]), fmt.Sprintf("%.2f", ratio),
		"at least 0.60", table.Verdict(ratio >= leastOfBare))
	fmt.Fprintf(&b, "\nThe planner used %.1f s of CPU time until it was ready with the mix.\n", r.busy)
	return b.String()
}

func (r *Report) seconds(w io.Writer, what string, took time.Duration) {
	table.Row(w, what, fmt.Sprintf("%.1f s", took.Seconds()), fmt.Sprintf("at most %.0f s", mostReady.Seconds()), table.Verdict(took <= mostReady))
}

func (r *Report) heap(w io.Writer, what string, m memory) {
	table.Row(w, what, fmt.Sprintf("%s (%s before, %s of memory)", mib(m.inUse), mib(m.occupied), mib(m.peak)),
		"at most "+mib(mostHeap), table.Verdict(m.inUse <= mostHeap))
}

func mib(bytes float64) string { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }
