package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/cloudscheduler"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/cronicle"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/cronjob"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/crontab"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/dkron"
	"github.com/spf13/cobra"
)

// errLosses says that something could not be carried over; the report has said what.
var errLosses = errors.New("not everything could be carried over")

// errNothing says that no source had anything in it.
var errNothing = errors.New("nothing to import could be read")

// maxImport is the longest file that is imported.
const maxImport = 256 << 20

// reads makes the items of a file.
type reads func(into *importer.Import, name, text, zone string)

// importing is what the flags of an import say.
type importing struct {
	namespace, zone  string
	folder, report   string
	system, personal bool
}

func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "import", Short: "Make job documents of what other schedulers keep",
		Long: `Make job documents of what other schedulers keep. They go to standard output as YAML,
or into a folder; no server is asked, carillon apply -f takes them there. What could
not be carried over stands in a report on standard error, for each item and field.

The exit code is 0 if everything was carried over, 2 if something was not, 1 if nothing
could be read.`,
	}
	i := &importing{}
	flags := cmd.PersistentFlags()
	flags.StringVar(&i.namespace, "namespace", "default", "namespace of jobs whose source names none")
	flags.StringVar(&i.zone, "timezone", "", "time zone of schedules whose source names none (default UTC)")
	flags.StringVarP(&i.folder, "output", "o", "", "folder for the documents, a file NAMESPACE/NAME.yaml for each (default standard output)")
	flags.StringVar(&i.report, "report", "text", "form of the report: text, or json")
	table := i.command("crontab FILE…", "Crontabs of users and of the system", `  crontab -l | carillon import crontab - --timezone Europe/Berlin
  carillon import crontab /etc/crontab /etc/cron.d/* -o jobs/`,
		func(into *importer.Import, name, text, zone string) {
			crontab.Read(into, name, text, zone, i.form())
		})
	table.Flags().BoolVar(&i.system, "system", false, "lines name a user, as in /etc/crontab (default: by the file's name and lines)")
	table.Flags().BoolVar(&i.personal, "user", false, "lines name no user, as in crontab -l")
	table.MarkFlagsMutuallyExclusive("system", "user")
	cmd.AddCommand(table,
		i.command("k8s FILE…", "CronJobs of Kubernetes", `  kubectl get cronjobs -A -o yaml | carillon import k8s - -o jobs/
  helm template chart/ | carillon import k8s -`, cronjob.Read),
		i.command("dkron FILE…", "Jobs of Dkron", `  curl -s $DKRON/v1/jobs | carillon import dkron - -o jobs/`, dkron.Read),
		i.command("cronicle FILE…", "Events of Cronicle", `  /opt/cronicle/bin/control.sh export | carillon import cronicle - -o jobs/`, cronicle.Read),
		i.command("gcp FILE…", "Jobs of Google Cloud Scheduler", `  gcloud scheduler jobs list --format=json | carillon import gcp - -o jobs/`, cloudscheduler.Read))
	return cmd
}

func (i *importing) form() crontab.Form {
	switch {
	case i.system:
		return crontab.System
	case i.personal:
		return crontab.User
	}
	return crontab.Guess
}

func (i *importing) command(use, short, example string, read reads) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Example: example, Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return i.run(cmd, files, read) },
	}
}

func (i *importing) run(cmd *cobra.Command, files []string, read reads) error {
	if i.report != "text" && i.report != "json" {
		return fmt.Errorf("--report: must be text or json, not %.40q", i.report)
	}
	var into importer.Import
	for _, name := range files {
		text, err := whole(name, cmd.InOrStdin())
		if err != nil {
			return err
		}
		read(&into, name, string(text), i.zone)
	}
	into.Finish(i.namespace)
	if err := i.write(cmd.OutOrStdout(), &into); err != nil {
		return err
	}
	if err := writeReport(cmd.ErrOrStderr(), i.report, &into); err != nil {
		return err
	}
	switch {
	case !into.Legible():
		return errNothing
	case !into.Whole():
		return errLosses
	}
	return nil
}

// whole reads a file, "-" is standard input.
func whole(name string, stdin io.Reader) ([]byte, error) {
	source := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		source = file
	}
	text, err := io.ReadAll(io.LimitReader(source, maxImport+1))
	if err == nil && len(text) > maxImport {
		err = fmt.Errorf("%s is longer than %d MiB", name, maxImport>>20)
	}
	return text, err
}

// write writes the documents, one after the other or each into its file.
func (i *importing) write(out io.Writer, from *importer.Import) error {
	first := true
	for _, item := range from.Items {
		if item.Refused {
			continue
		}
		text, err := document.YAML(item.Document)
		if err != nil {
			return err
		}
		if i.folder != "" {
			err = writeDocument(i.folder, item.Document.Namespace, item.Document.Name, text)
		} else {
			err = appendDocument(out, &first, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// appendDocument writes a document behind others.
func appendDocument(out io.Writer, first *bool, text []byte) error {
	if !*first {
		text = append([]byte("---\n"), text...)
	}
	*first = false
	_, err := out.Write(text)
	return err
}

// writeDocument writes a document into a folder of documents. It is for its owner
// alone: what a private crontab held as text, the document holds too.
func writeDocument(folder, namespace, name string, text []byte) error {
	if !filepath.IsLocal(namespace) || !filepath.IsLocal(name) {
		return fmt.Errorf("%.60q/%.100q is no name of a job", namespace, name)
	}
	path := filepath.Join(folder, namespace, name+".yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
