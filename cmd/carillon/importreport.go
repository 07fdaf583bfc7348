package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/fault"
)

// importReport is what programs get of an import.
type importReport struct {
	Carried int          `json:"carried"`
	Partly  int          `json:"partly"`
	Refused int          `json:"refused"`
	Items   []importLine `json:"items"`
	Remarks fault.Faults `json:"remarks"` // on the source as a whole, by place
}

// importLine is what became of one item.
type importLine struct {
	Place   string           `json:"place"`
	Outcome importer.Outcome `json:"outcome"`
	Job     string           `json:"job,omitempty"`
	Lost    fault.Faults     `json:"lost"`
	Remarks fault.Faults     `json:"remarks"`
}

func reportOf(from *importer.Import) importReport {
	report := importReport{Items: []importLine{}, Remarks: append(fault.Faults{}, from.Remarks...)}
	for _, item := range from.Items {
		line := importLine{item.Place, item.Outcome(), "", append(fault.Faults{}, item.Lost...), append(fault.Faults{}, item.Remarks...)}
		switch line.Outcome {
		case importer.Carried:
			report.Carried++
		case importer.Partly:
			report.Partly++
		case importer.Refused:
			report.Refused++
		}
		if !item.Refused {
			line.Job = item.Document.Namespace + "/" + item.Document.Name
		}
		report.Items = append(report.Items, line)
	}
	return report
}

// writeReport writes what became of each item, and of what it said.
func writeReport(out io.Writer, form string, from *importer.Import) error {
	report := reportOf(from)
	if form == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	for _, remark := range report.Remarks {
		fmt.Fprintf(out, "%s\n", remark)
	}
	for _, line := range report.Items {
		fmt.Fprintf(out, "%-7s  %s", line.Outcome, line.Place)
		if line.Job != "" {
			fmt.Fprintf(out, "  ->  %s", line.Job)
		}
		fmt.Fprintln(out)
		for _, lost := range line.Lost {
			fmt.Fprintf(out, "    lost  %s\n", lost)
		}
		for _, remark := range line.Remarks {
			fmt.Fprintf(out, "    note  %s\n", remark)
		}
	}
	_, err := fmt.Fprintf(out, "%d items: %d carried over, %d in part, %d not\n", len(report.Items), report.Carried, report.Partly, report.Refused)
	return err
}
