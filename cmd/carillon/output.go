package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

// formats are the forms of an answer: the first for people, the others for programs.
var formats = []string{"table", "json", "yaml"}

func defineOutput(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVarP(format, "output", "o", formats[0], "table, json or yaml")
}

func checkOutput(format string, faults *fault.Faults) {
	if !slices.Contains(formats, format) {
		faults.Add("--output", "must be table, json or yaml, not %.40q", format)
	}
}

// write writes a value in a format; as a table by the given function.
func write[T any](out io.Writer, format string, value T, table func(io.Writer) error) error {
	if format == formats[0] {
		return table(out)
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err == nil && format == "yaml" {
		text, err = yaml.JSONToYAML(text)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, strings.TrimSuffix(string(text), "\n"))
	return err
}

// gridOf is a table of rows below each other.
func gridOf(rows [][]string) func(io.Writer) error {
	return func(out io.Writer) error {
		w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
		for _, row := range rows {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}
		return w.Flush()
	}
}

// listed gives each fault a line.
func listed(problem string, faults fault.Faults) error {
	var text strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&text, "\n  %s", strings.ReplaceAll(f.String(), "\n", "\n  "))
	}
	return fmt.Errorf("%s:%s", problem, text.String())
}
