package main

import (
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/jobfile"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

// jobFiles are the files that a flag names.
type jobFiles []string

func (f *jobFiles) define(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP((*[]string)(f), "file", "f", nil, "file or folder with job documents, YAML or JSON; - is standard input; may be given again")
	_ = cmd.MarkFlagRequired("file") // it exists
}

// read reads the documents, of which there has to be one.
func (f *jobFiles) read(cmd *cobra.Command) ([]*jobfile.Document, []jobfile.Fault, error) {
	documents, faults, err := jobfile.Read(*f, cmd.InOrStdin())
	if err == nil && len(documents)+len(faults) == 0 {
		err = fmt.Errorf("no documents in %s; files are *.yaml, *.yml and *.json", strings.Join(*f, ", "))
	}
	return documents, faults, err
}

// readSound reads documents that have the form of some.
func (f *jobFiles) readSound(cmd *cobra.Command) ([]*jobfile.Document, error) {
	documents, faults, err := f.read(cmd)
	if err == nil && len(faults) > 0 {
		err = faulty(faults)
	}
	return documents, err
}

// faulty lists the faults of documents.
func faulty(faults []jobfile.Fault) error {
	var lines fault.Faults
	for _, f := range faults {
		lines.Add("", "%s", f)
	}
	return listed("correct these documents", lines)
}

// validation is what programs get of one.
type validation struct {
	Documents int             `json:"documents"`
	Faults    []jobfile.Fault `json:"faults"`
}

func validateCommand() *cobra.Command {
	var files jobFiles
	var output string
	cmd := &cobra.Command{
		Use: "validate -f PATH", Short: "Check job documents, without a server", Args: cobra.NoArgs,
		Long: `Check job documents, without a server. Every faulty field is named with its file and
line. Whether a queue and a secret exist only the server knows: carillon diff asks it.`,
		Example: `  carillon validate -f jobs/
  helm template chart/ | carillon import k8s - | carillon validate -f -`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var wrong fault.Faults
			if checkOutput(output, &wrong); len(wrong) > 0 {
				return listed("cannot do this", wrong)
			}
			documents, faults, err := files.read(cmd)
			if err != nil {
				return err
			}
			return validate(cmd, output, documents, faults)
		},
	}
	files.define(cmd)
	defineOutput(cmd, &output)
	return cmd
}

func validate(cmd *cobra.Command, output string, documents []*jobfile.Document, faults []jobfile.Fault) error {
	report := validation{len(documents), append([]jobfile.Fault{}, faults...)}
	for _, d := range documents {
		report.Faults = append(report.Faults, d.Check()...)
	}
	if output == formats[0] && len(report.Faults) > 0 {
		return faulty(report.Faults)
	}
	rows := gridOf([][]string{{fmt.Sprintf("%d documents, no faults", report.Documents)}})
	if err := write(cmd.OutOrStdout(), output, report, rows); err != nil {
		return err
	}
	if n := len(report.Faults); n > 0 {
		return fmt.Errorf("%d faults", n)
	}
	return nil
}
