package api

import (
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/bench/table"
)

// Report is what a measuring showed.
type Report struct{ results []result }

type result struct {
	what          string
	bare, gateway figures
}

// leastOfBare is the bound.
const leastOfBare = 0.5

// String is the report as a section of Markdown.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## The API\n\n%d connections, each with one request at a time, ask the gateway and a bare handler of fiber and pgx in turns,\n"+
		"%d rounds each. The gateway looks up the key, checks, and relays what was created to NATS as well.\n\n", connections, rounds)
	table.Head(&b, "request", "requests/s", "of the bare handler's", "p50", "p99", "CPU per request", "with Postgres's", "of the bare handler's", "allocations")
	table.Row(&b, "*bounds*", "", "*at least 0.50*", "", "", "", "", "", "")
	for _, one := range r.results {
		figuresRow(&b, one.what+", bare", &one.bare, "", "", "")
		ratio := one.gateway.perSecond() / one.bare.perSecond()
		cpu := (one.bare.cpu + one.bare.postgresCPU) / (one.gateway.cpu + one.gateway.postgresCPU)
		figuresRow(&b, one.what, &one.gateway, fmt.Sprintf("**%.2f** %s", ratio, table.Verdict(ratio >= leastOfBare)), fmt.Sprintf("%.2f", cpu),
			fmt.Sprintf("%.0f", one.gateway.each(one.gateway.mallocs)))
	}
	return b.String()
}

func figuresRow(b *strings.Builder, what string, f *figures, ratio, cpu, allocations string) {
	table.Row(b, what, fmt.Sprintf("%.0f", f.perSecond()), ratio, table.Milliseconds(f.at(0.5)), table.Milliseconds(f.at(0.99)),
		microseconds(f.each(f.cpu)), microseconds(f.each(f.cpu+f.postgresCPU)), cpu, allocations)
}

func microseconds(seconds float64) string { return fmt.Sprintf("%.0f µs", 1e6*seconds) }
