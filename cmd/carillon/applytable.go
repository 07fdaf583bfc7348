package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// planTable shows a plan to a person.
type planTable struct{ *applyResult }

// mostLines is how many jobs of one kind are listed; programs get all.
const mostLines = 100

var verbs = []struct{ action, verb string }{{"created", "create"}, {"updated", "change"}, {"deleted", "delete"}}

func (t planTable) write(out io.Writer) error {
	rows := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	counts := map[string]int{"created": t.Created, "updated": t.Updated, "deleted": t.Deleted}
	for _, v := range verbs {
		shown := 0
		for _, job := range t.Jobs {
			if job.Action != v.action {
				continue
			}
			if shown++; shown > mostLines {
				break
			}
			fmt.Fprintf(rows, "%s\t%s/%s\t%s\t%s\n", v.verb, job.Namespace, job.Name, job.Place, strings.Join(job.Changed, " "))
		}
		if rest := counts[v.action] - min(shown, mostLines); rest > 0 {
			fmt.Fprintf(rows, "%s\t… and %d more\t\t\n", v.verb, rest)
		}
	}
	if err := rows.Flush(); err != nil {
		return err
	}
	return t.total(out)
}

// total is the last line: what there is to do, or was done.
func (t planTable) total(out io.Writer) error {
	form := "%d created, %d changed, %d deleted, %d unchanged\n"
	if t.DryRun {
		form = "%d to create, %d to change, %d to delete, %d unchanged\n"
	}
	_, err := fmt.Fprintf(out, form, t.Created, t.Updated, t.Deleted, t.Unchanged)
	return err
}
