package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

// shown is how many fires and rows a table lists; a program gets more.
const shown = 20

// auditTable shows an audit to a person: numbers, what is wrong, and a sentence.
type auditTable struct {
	client.Audit
	asked time.Time // where the audit should have begun
}

func (t auditTable) write(out io.Writer) error {
	fmt.Fprintf(out, "%s to %s\n", clockOf(t.From), clockOf(t.To))
	if t.asked.Before(t.From) && t.LedgerFrom != nil {
		fmt.Fprintf(out, "The ledger has all runs from %s on: nothing before that can be audited.\n", t.LedgerFrom.Format(time.DateOnly))
	}
	fmt.Fprintln(out)
	for _, section := range [][][]string{t.numbers(), t.fires(), oddRows("UNEXPECTED", t.Unexpected, t.UnexpectedRows), oddRows("STALE", t.Stale, t.StaleRows)} {
		if err := columns(out, section); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, t.sentence())
	return err
}

// columns writes rows below each other, and an empty line; nothing for none.
func columns(out io.Writer, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	if err := gridOf(rows)(out); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}

// numbers are all of them that say something.
func (t auditTable) numbers() [][]string {
	rows := [][]string{{"fires", fmt.Sprint(t.Expected), fmt.Sprintf("of %s", plural(t.Jobs, "job", "jobs"))}}
	add := func(n int, name, meaning string) {
		if n > 0 {
			rows = append(rows, []string{name, fmt.Sprint(n), meaning})
		}
	}
	for _, state := range carillon.States() {
		add(t.States[state], string(state), "")
	}
	add(t.Pending, "pending", "their runs have not ended")
	add(t.Filled, "filled", "no run of their own, but a backfill ran them")
	add(t.Unexplained, "unexplained", "no row")
	add(t.Unexpected, "unexpected", "rows that no fire calls for")
	add(t.Superseded, "superseded", "rows that an edit or a pause had just ruled out")
	add(t.OtherRevision, "other revision", "ran under another revision than the one that held")
	add(t.Stale, "stale", "planned long after an edit or a pause had ruled them out")
	add(t.Unreadable, "unreadable", "revisions whose schedules cannot be read")
	add(t.Late.Count, "late", fmt.Sprintf("began more than %s late", t.Late.Threshold))
	return append(rows, []string{"lateness", t.Late.P50.String(), fmt.Sprintf("p50; p99 %s, max %s", t.Late.P99, t.Late.Max)})
}

func (t auditTable) fires() (rows [][]string) {
	for i, f := range t.UnexplainedFires {
		if i == shown {
			return append(rows, []string{fmt.Sprintf("… and %d more; -o json lists them", t.Unexplained-shown)})
		}
		if i == 0 {
			rows = append(rows, []string{"UNEXPLAINED", "JOB", "REVISION", "JOB ID"})
		}
		rows = append(rows, []string{f.FireTime.Format(time.RFC3339), f.Namespace + "/" + f.Job, fmt.Sprint(f.Revision), f.JobID.String()})
	}
	return rows
}

// oddRows shows the first rows of a kind, of which there are n.
func oddRows(kind string, n int, all []client.UnexpectedRow) (rows [][]string) {
	for i, r := range all {
		if i == shown {
			return append(rows, []string{fmt.Sprintf("… and %d more; -o json lists them", n-shown)})
		}
		if i == 0 {
			rows = append(rows, []string{kind, "STATE", "RUN ID", "WHY"})
		}
		rows = append(rows, []string{r.FireTime.Format(time.RFC3339Nano), string(r.State), r.RunID.String(), r.Reason})
	}
	return rows
}

// sentence is what to take home.
func (t auditTable) sentence() string {
	if t.Clean() && t.Expected == 0 {
		return "There were no fires in this window."
	}
	if t.Clean() {
		return "Every fire is accounted for."
	}
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, plural(n, one, many))
		}
	}
	add(t.Unexplained, "fire is unexplained", "fires are unexplained")
	add(t.Unexpected, "row is unexpected", "rows are unexpected")
	add(t.Stale, "row is stale", "rows are stale")
	add(t.Unreadable, "revision is unreadable", "revisions are unreadable")
	return strings.Join(parts, ", ") + ". What to do: docs/operations.md"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
