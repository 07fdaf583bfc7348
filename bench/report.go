package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// report is all figures of one run.
type report struct {
	bare, bareAfter rate
	whole           herdResult
	herds           []herdResult
	idle            lateness
	mostCalls       int // of carillon at once, as the target counted them
}

// bareRate is the mean of the bare loop before and after: the machine's speed
// drifts.
func (r *report) bareRate() float64 { return (r.bare.perSecond() + r.bareAfter.perSecond()) / 2 }

// String is the report as Markdown tables.
func (r *report) String() string {
	var b strings.Builder
	row := func(cells ...any) { fmt.Fprintf(&b, strings.Repeat("| %v ", len(cells))+"|\n", cells...) }
	ratio, cpu := r.whole.perSecond()/r.bareRate(), r.whole.cpuPer1000()
	statements := 100 * float64(r.whole.statements) / float64(r.whole.count)
	row("what", "figure", "bound", "")
	row("---", "---", "---", "---")
	row("bare loop, before and after", fmt.Sprintf("%.0f and %.0f calls/s, %.3f CPU s per 1,000 calls", r.bare.perSecond(), r.bareAfter.perSecond(), r.bare.cpuPer1000()), "the yardstick", "")
	row("whole system, planned to committed", fmt.Sprintf("%.0f runs/s", r.whole.perSecond()), "", "")
	row("most calls at once, counted by the target", r.mostCalls, concurrency, verdict(r.mostCalls <= concurrency))
	row("ratio of the two", fmt.Sprintf("**%.2f**", ratio), "at least 0.20", verdict(ratio >= 0.20))
	row("CPU of everything but the target", fmt.Sprintf("**%.3f s per 1,000 runs**, %.3f of it carillon's, the rest Postgres's", cpu, r.whole.ownPer1000()), "at most 0.15", verdict(cpu <= 0.15))
	row("SQL statements of the recorder", fmt.Sprintf("**%.2f per 100 runs**", statements), "at most 1", verdict(statements <= 1))
	row("lateness in an idle system, ten runs a second: p50 / p99 / max", fmt.Sprintf("%s / **%s** / %s", ms(r.idle.p50), ms(r.idle.p99), ms(r.idle.max)), "p99 under 20 ms", verdict(r.idle.p99 < 20*time.Millisecond))
	b.WriteString("\nHerds: all runs due at one instant. A run is late by the wait for one of the queue's slots, too.\n\n")
	row("herd", "late p50", "p99", "max", "runs/s", "CPU s per 1,000 runs")
	row("---", "---", "---", "---", "---", "---")
	for _, h := range r.herds {
		row(h.count, ms(h.late.p50), ms(h.late.p99), ms(h.late.max), fmt.Sprintf("%.0f", h.perSecond()), fmt.Sprintf("%.3f", h.cpuPer1000()))
	}
	return b.String()
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

const preamble = `# Performance

Written by ` + "`make bench`" + ` on %s, on %s.

The target, ` + "`carillon up`" + ` and Postgres run as processes on one machine, %d calls at once. The bare loop is a plain Go
HTTP client on the same target in the same run. The whole system is measured from the instant at which %d runs are due
until the last of them is committed in Postgres. Its calls at once are held by the cap on connections to a host; the queue's
limit is %d, because a slot of a queue is held until the run's outcome is stored. The answers have no body.

%s`

// write writes the report to a file.
func (r *report) write(file string) error {
	text := fmt.Sprintf(preamble, time.Now().UTC().Format(time.DateOnly), machine(), concurrency, throughputRuns, queueLimit, r)
	return os.WriteFile(file, []byte(text), 0o644)
}
