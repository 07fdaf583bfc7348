package main

import (
	"fmt"
	"io"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

// backfillTable shows a person what a backfill would run.
type backfillTable struct{ client.BackfillPlan }

func (t backfillTable) write(out io.Writer) error {
	fmt.Fprintf(out, "%s, %s to %s\n\n", t.Job, clockOf(t.From), clockOf(t.To))
	if t.Count == 0 {
		fmt.Fprintln(out, "There is nothing to run.")
	} else {
		fmt.Fprintf(out, "%s to run (mode %s), at %d a second: at least %s\n", plural(t.Count, "fire", "fires"), t.Mode, t.Rate, t.Takes)
	}
	for i, fire := range t.Sample {
		if i == (len(t.Sample)+1)/2 && t.Count > len(t.Sample) {
			fmt.Fprintf(out, "  … and %d more\n", t.Count-len(t.Sample))
		}
		fmt.Fprintf(out, "  %s\n", fire.Format(time.RFC3339))
	}
	for _, warning := range t.Warnings {
		fmt.Fprintf(out, "! %s\n", warning)
	}
	return nil
}

// startedTable says that a backfill was started.
type startedTable struct{ client.BackfillPlan }

func (t startedTable) write(out io.Writer) error {
	if t.ID == nil {
		_, err := fmt.Fprintln(out, "Nothing was started: there is nothing left to run.")
		return err
	}
	_, err := fmt.Fprintf(out, "Started backfill %s of %s.\n", t.ID, plural(t.Count, "fire", "fires"))
	return err
}

// endTable says what became of a backfill.
type endTable struct{ client.Backfill }

func (t endTable) write(out io.Writer) error {
	fmt.Fprintf(out, "Backfill %s %s.\n\n", t.ID, map[string]string{
		"ended": "has ended", "cancelled": "was cancelled", "stalled": "has stalled: NATS has lost it, so start another one of the same range",
	}[t.State])
	rows := [][]string{{"fires", fmt.Sprint(t.Count)}}
	for _, state := range carillon.States() {
		if n := t.Runs[state]; n > 0 {
			rows = append(rows, []string{string(state), fmt.Sprint(n)})
		}
	}
	if t.Waiting > 0 {
		rows = append(rows, []string{"without a run", fmt.Sprint(t.Waiting)})
	}
	if t.Waiting > 0 && t.State == "ended" {
		fmt.Fprint(out, "The job was deleted before all of its fires were run.\n\n")
	}
	return columns(out, rows)
}
