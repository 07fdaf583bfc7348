package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/carillon-cron/carillon/shared/preview"
)

// previewTable shows a preview to a person: a line for each fire, in the
// schedule's zone and in UTC, with the nominal time of those that were moved.
// With previous fires among them, a line says where the present is.
type previewTable struct {
	preview.Preview
	zone  *time.Location
	from  time.Time
	label string // of from
	count int    // how many fires were asked for
}

func (t previewTable) write(out io.Writer) error {
	fmt.Fprintf(out, "%s\n\n", t.Description)
	rows := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, row := range t.rows() {
		fmt.Fprintln(rows, strings.Join(row, "\t"))
	}
	if err := rows.Flush(); err != nil {
		return err
	}
	if len(t.Fires) < t.count {
		fmt.Fprintln(out, "  no further fires")
	}
	for i, warning := range t.Warnings {
		if i == 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "! %s\n", warning)
	}
	return nil
}

// rows are the lines, with as many columns as this preview needs.
func (t previewTable) rows() (rows [][]string) {
	utc := t.Timezone == "UTC"
	add := func(mark string, at time.Time, note string) {
		row := []string{mark + clockOf(at.In(t.zone))}
		if !utc {
			row = append(row, at.UTC().Format(time.RFC3339))
		}
		if note != "" {
			row = append(row, note)
		}
		rows = append(rows, row)
	}
	if !utc {
		rows = append(rows, []string{"  " + t.zone.String(), "UTC"})
	}
	notes := t.notes()
	for _, at := range t.Previous {
		add("  ", at, notes[at])
	}
	if len(t.Previous) > 0 {
		add("> ", t.from, t.label)
	}
	for _, at := range t.Fires {
		add("  ", at, notes[at])
	}
	return rows
}

// notes say where moved fires were moved from.
func (t previewTable) notes() map[time.Time]string {
	notes := map[time.Time]string{}
	for _, m := range t.Moved {
		notes[m.Fire] = "nominal " + clockOf(m.Nominal.In(t.zone))
	}
	return notes
}

func clockOf(local time.Time) string { return local.Format("Mon 2006-01-02 15:04:05 MST") }
