package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/bench/table"
)

// Report is what a measuring showed.
type Report struct {
	runs, bytes        int64
	days               int
	answers            []answers
	stats              []time.Duration
	dropped, rewritten time.Duration
}

// The bounds.
const (
	mostPage  = 200 * time.Millisecond
	mostStats = 5 * time.Millisecond
	mostDrop  = time.Second
)

// String is the report as a section of Markdown.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## A ledger of %d runs\n\n", r.runs)
	fmt.Fprintf(&b, "They lie in %d days and take %.1f GiB. `GET /runs` was asked %d times for each list, 50 runs a page, over HTTP and one\n"+
		"after the other; jobs and days differ from time to time. Later pages are the %d after the first.\n\n",
		r.days, float64(r.bytes)/(1<<30), times, nextPages)
	table.Head(&b, "list", "runs on a page", "first page p50", "p95", "later pages p95", "max", "at most 200 ms")
	for _, a := range r.answers {
		all := append(slices.Clone(a.first), a.later...)
		worst := max(at(a.first, 0.95), at(a.later, 0.95))
		table.Row(&b, a.what, a.found, table.Milliseconds(at(a.first, 0.5)), table.Milliseconds(at(a.first, 0.95)),
			table.Milliseconds(at(a.later, 0.95)), table.Milliseconds(at(all, 1)), table.Verdict(worst <= mostPage))
	}
	b.WriteString("\n")
	fmt.Fprintf(&b, "The statistics of a job, one of %d and asked %d times: p50 %s, p95 **%s** (at most 5 ms: %s), max %s.\n\n", jobsWithStats, timesStats,
		table.Milliseconds(at(r.stats, 0.5)), table.Milliseconds(at(r.stats, 0.95)), table.Verdict(at(r.stats, 0.95) <= mostStats), table.Milliseconds(at(r.stats, 1)))
	table.Head(&b, "retention", "took", "bound", "")
	table.Row(&b, "dropping a day, the look at its rows included", table.Milliseconds(r.dropped), "at most 1 s", table.Verdict(r.dropped <= mostDrop))
	table.Row(&b, "removing the successes of a day", table.Milliseconds(r.rewritten), "", "")
	return b.String()
}

// at is the time that a share of all times does not exceed; 0 without any.
func at(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
