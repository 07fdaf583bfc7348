package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

func jobsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "jobs", Short: "List, read, create and delete jobs, and go back to what they were"}
	cmd.AddCommand(listJobsCommand(), getJobCommand(), createJobCommand(), deleteJobCommand(), revisionsCommand(), rollbackCommand())
	return cmd
}

func listJobsCommand() *cobra.Command {
	var a asking
	var namespace, label, text, paused string
	var most int
	cmd := &cobra.Command{
		Use: "list", Short: "List jobs, by namespace and name", Args: cobra.NoArgs,
		Example: `  carillon jobs list --namespace billing --label team=billing,env=prod
  carillon jobs list --paused true --limit 1000 -o json | jq -r '.[].id'`,
	}
	flags := cmd.Flags()
	flags.StringVar(&namespace, "namespace", "", "only jobs of this namespace")
	flags.StringVar(&label, "label", "", "only jobs with all these labels, such as team=billing,env=prod")
	flags.StringVar(&text, "text", "", "only jobs with this in their name")
	flags.StringVar(&paused, "paused", "", "true or false: only paused jobs, or only others")
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		return listing[carillon.Job]{
			"/jobs", filters("namespace", namespace, "label", label, "q", text, "paused", paused), most,
			[]string{"JOB", "SCHEDULE", "TARGET", "QUEUE", "PAUSED", "ID"},
			func(j carillon.Job) []string {
				return []string{j.Namespace + "/" + j.Name, scheduleOf(j), j.Target.URL, j.Queue, yes(j.Paused), j.ID.String()}
			},
		}.show(cmd, &a, server)
	})
}

func getJobCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "get JOB", Short: "Read a job", Args: cobra.ExactArgs(1),
		Example: `  carillon jobs get nightly-report
  carillon jobs get billing/invoices -o yaml`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		return a.changeJob(cmd, server, http.MethodGet, args[0], "", nil)
	})
}

// changeJob makes a request about the job that is named, and shows it as it is then.
func (a *asking) changeJob(cmd *cobra.Command, server *client.Client, method, named, path string, body any) error {
	id, err := server.FindJob(cmd.Context(), named)
	if err != nil {
		return err
	}
	var job carillon.Job
	if err := server.Do(cmd.Context(), method, "/jobs/"+id.String()+path, body, &job); err != nil {
		return err
	}
	return a.show(cmd, job, jobRows(job))
}

func createJobCommand() *cobra.Command {
	var a asking
	var file string
	cmd := &cobra.Command{
		Use: "create -f FILE", Short: "Create a job from a document", Args: cobra.NoArgs,
		Long: `Create a job from a document in YAML or JSON; - reads it from standard input. Only
name, schedule and target.url are required. See docs/schedules.md and docs/targets.md.`,
		Example: `  carillon jobs create -f nightly-report.yaml
  echo '{"name": "tick", "schedule": {"every": "1m"}, "target": {"url": "https://example.com/tick"}}' | carillon jobs create -f -`,
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "file with the document; - is standard input")
	_ = cmd.MarkFlagRequired("file") // it exists
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		wanted, err := readJob(cmd, file)
		if err != nil {
			return err
		}
		var job carillon.Job
		if err := server.Do(cmd.Context(), http.MethodPost, "/jobs", wanted, &job); err != nil {
			return err
		}
		return a.show(cmd, job, jobRows(job))
	})
}

// readJob reads the form of a document; what it means is for the server to judge.
func readJob(cmd *cobra.Command, file string) (wanted carillon.Document, err error) {
	text, err := slurp(file, cmd.InOrStdin())
	if err != nil {
		return wanted, fmt.Errorf("--file: %w", err)
	}
	tree, err := document.Parse(text)
	if err != nil {
		return wanted, fmt.Errorf("%s %w", file, err)
	}
	var faults fault.Faults
	if faults.Nest("", tree.Decode(&wanted)); len(faults) > 0 {
		return wanted, listed("correct "+file, faults)
	}
	return wanted, nil
}

func deleteJobCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "delete JOB", Short: "Delete a job; its runs and revisions stay", Args: cobra.ExactArgs(1),
		Example: `  carillon jobs delete billing/invoices`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		id, err := server.FindJob(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return a.remove(cmd, server, "/jobs/"+id.String(), "job "+id.String())
	})
}

func revisionsCommand() *cobra.Command {
	var a asking
	var most int
	cmd := &cobra.Command{
		Use: "revisions JOB", Short: "List what a job was, the newest first; of a deleted job by its id", Args: cobra.ExactArgs(1),
		Example: `  carillon jobs revisions nightly-report
  carillon jobs revisions nightly-report -o yaml --limit 2`,
	}
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, args []string) error {
		id, err := server.FindJob(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return listing[client.Revision]{
			"/jobs/" + id.String() + "/revisions", nil, most,
			[]string{"REVISION", "FROM", "ACTION", "BY", "WHY"},
			func(r client.Revision) []string {
				return []string{strconv.FormatInt(r.Revision, 10), r.EffectiveFrom.Format(time.RFC3339), r.Action, r.Actor, r.Reason}
			},
		}.show(cmd, &a, server)
	})
}

func rollbackCommand() *cobra.Command {
	var a asking
	var revision int64
	cmd := &cobra.Command{
		Use: "rollback JOB --to REVISION", Short: "Give a job an earlier document again", Args: cobra.ExactArgs(1),
		Long:    "Give a job an earlier document again, as a new revision; also whether it was paused.",
		Example: `  carillon jobs rollback nightly-report --to 3`,
	}
	cmd.Flags().Int64Var(&revision, "to", 0, "the revision whose document the job gets; see carillon jobs revisions")
	_ = cmd.MarkFlagRequired("to") // it exists
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, args []string) error {
		return a.changeJob(cmd, server, http.MethodPost, args[0], "/rollback", map[string]int64{"revision": revision})
	})
}

func jobRows(j carillon.Job) [][]string {
	return [][]string{
		{"job", j.Namespace + "/" + j.Name},
		{"id", j.ID.String()},
		{"revision", fmt.Sprintf("%d, from %s", j.Revision, j.EffectiveFrom.Format(time.RFC3339))},
		{"schedule", scheduleOf(j)},
		{"target", j.Target.Method + " " + j.Target.URL},
		{"queue", j.Queue},
		{"overlap", string(j.Overlap)},
		{"paused", yes(j.Paused)},
	}
}

// scheduleOf says in short when a job fires.
func scheduleOf(j carillon.Job) string {
	s, text := j.Schedule, "any of several rules"
	switch {
	case s.Cron != "":
		text = s.Cron
	case s.Every > 0:
		text = "every " + s.Every.String()
	case s.At != nil:
		text = "at " + s.At.Format(time.RFC3339)
	case s.RRule != "":
		text = strings.Join(strings.Fields(s.RRule), " ")
	}
	return strings.TrimSpace(text + " " + s.Timezone)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
