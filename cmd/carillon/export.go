package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

// exporting is what the flags of an export say.
type exporting struct {
	connection
	namespace, selector, set string
	folder                   string
}

func exportCommand() *cobra.Command {
	e := &exporting{}
	cmd := &cobra.Command{
		Use: "export", Short: "Write all jobs as documents", Args: cobra.NoArgs,
		Long: `Write all jobs as documents in YAML, sorted by namespace and name, to standard output or
into a folder. carillon apply of what it wrote changes nothing.`,
		Example: `  carillon export > jobs.yaml
  carillon export --namespace billing -o jobs/`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := e.client()
			if err != nil {
				return err
			}
			return e.run(cmd, server)
		},
	}
	e.connection.define(cmd)
	flags := cmd.Flags()
	flags.StringVar(&e.namespace, "namespace", "", "only jobs of this namespace")
	flags.StringVarP(&e.selector, "selector", "l", "", "only jobs with these labels, such as team=billing,env!=dev")
	flags.StringVar(&e.set, "set", "", "only jobs that this set applied")
	flags.StringVarP(&e.folder, "output", "o", "", "folder for the documents, a file NAMESPACE/NAME.yaml for each (default standard output)")
	return cmd
}

func (e *exporting) run(cmd *cobra.Command, server *client.Client) error {
	done := busy(cmd.ErrOrStderr(), "reading jobs")
	jobs, _, err := client.List[carillon.Job](cmd.Context(), server, "/jobs",
		filters("namespace", e.namespace, "label", e.selector, "set", e.set), math.MaxInt)
	done()
	if err != nil {
		return err
	}
	slices.SortFunc(jobs, func(a, b carillon.Job) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	if err := e.write(cmd.OutOrStdout(), jobs); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d jobs\n", len(jobs))
	return err
}

func (e *exporting) write(out io.Writer, jobs []carillon.Job) error {
	first := true
	for _, job := range jobs {
		job.Schedule.Adapted = nil // Carillon's, not the document's
		text, err := document.YAML(job.Document)
		switch {
		case err != nil:
			return err
		case e.folder != "":
			err = writeDocument(e.folder, job.Namespace, job.Name, text)
		default:
			err = appendDocument(out, &first, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
