package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func runsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "runs", Short: "List, read, cancel and repeat runs"}
	cmd.AddCommand(listRunsCommand(), getRunCommand(), cancelRunCommand(), retryRunsCommand())
	return cmd
}

// runFilter is which runs are meant.
type runFilter struct {
	namespaces, states     []string
	job, kind, since, till string
}

func (f *runFilter) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.job, "job", "", "only runs of this job: an id, namespace/name, or a name in the namespace default")
	flags.StringSliceVar(&f.states, "state", nil, "only runs in this state, such as failed; may be given several times")
	flags.StringVar(&f.since, "since", "", "only fire times from here on: an instant, or how long ago, such as 90m or 7d")
	flags.StringVar(&f.till, "until", "", "only fire times before this: an instant, or how long ago")
}

func listRunsCommand() *cobra.Command {
	var a asking
	var f runFilter
	var most int
	cmd := &cobra.Command{
		Use: "list", Short: "List runs, the newest fire time first", Args: cobra.NoArgs,
		Example: `  carillon runs list --job billing/invoices --since 7d
  carillon runs list --namespace billing --state failed,lost --limit 500 -o json | jq -r '.[].id'
  carillon runs list --since 2026-11-20T00:00:00Z --until 2026-11-21T00:00:00Z --kind manual`,
	}
	f.define(cmd)
	cmd.Flags().StringSliceVar(&f.namespaces, "namespace", nil, "only runs of this namespace; may be given several times")
	cmd.Flags().StringVar(&f.kind, "kind", "", "only runs of this kind: schedule, manual or backfill")
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		query, err := f.query(cmd, server)
		if err != nil {
			return err
		}
		return listing[client.Run]{
			"/runs", query, most, []string{"FIRE TIME", "JOB", "STATE", "KIND", "ATTEMPTS", "STATUS", "RUN ID", "WHY"},
			func(r client.Run) []string {
				return []string{r.FireTime.Format(time.RFC3339), r.Namespace + "/" + r.Job, string(r.State), string(r.Kind),
					fmt.Sprint(r.Attempts), number(r.Status), r.ID.String(), brief(r.Reason)}
			},
		}.show(cmd, &a, server)
	})
}

func (f *runFilter) query(cmd *cobra.Command, server *client.Client) (url.Values, error) {
	query := filters("kind", f.kind)
	for name, values := range map[string][]string{"namespace": f.namespaces, "state": f.states} {
		if len(values) > 0 {
			query[name] = values
		}
	}
	if err := f.put(query, time.Now()); err != nil {
		return nil, err
	}
	if f.job == "" {
		return query, nil
	}
	id, err := server.FindJob(cmd.Context(), f.job)
	query.Set("job_id", id.String())
	return query, err
}

// runAbout makes a request about one run.
func runAbout(cmd *cobra.Command, server *client.Client, method, id, path string) (run client.Run, err error) {
	if _, err := uuid.Parse(id); err != nil {
		return run, fmt.Errorf("%.60q is not the id of a run: carillon runs list shows ids", id)
	}
	return run, server.Do(cmd.Context(), method, "/runs/"+id+path, nil, &run)
}

func getRunCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "get RUN", Short: "Read a run and its attempts", Args: cobra.ExactArgs(1),
		Example: `  carillon runs get "$ID"
  carillon runs get "$ID" -o json | jq '.history[-1].response'`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		run, err := runAbout(cmd, server, http.MethodGet, args[0], "")
		if err != nil {
			return err
		}
		return a.show(cmd, run, runRows(run))
	})
}

func cancelRunCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "cancel RUN", Short: "Stop a run, in its call, in its queue or in its wait for a retry", Args: cobra.ExactArgs(1),
		Long:    "Stop a run wherever it is. What is shown is the run as it was; it is cancelled a moment later, unless it ends by itself before.",
		Example: `  carillon runs cancel "$ID"`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		run, err := runAbout(cmd, server, http.MethodPost, args[0], "/cancel")
		if err != nil {
			return err
		}
		return a.show(cmd, run, runRows(run))
	})
}

// runRows shows one run to a person.
func runRows(r client.Run) [][]string {
	rows := [][]string{
		{"run", r.ID.String()},
		{"job", r.Namespace + "/" + r.Job},
		{"fire time", r.FireTime.Format(time.RFC3339Nano)},
		{"kind", string(r.Kind)},
		{"queue", r.Queue},
		{"state", string(r.State)},
	}
	if r.Reason != "" {
		rows = append(rows, []string{"why", brief(r.Reason)})
	}
	if r.StartedAt != nil && r.FinishedAt != nil {
		rows = append(rows, []string{"took", r.FinishedAt.Sub(*r.StartedAt).Round(time.Millisecond).String()})
	}
	for _, a := range r.History {
		result := strings.TrimSpace(strings.Join([]string{number(a.Status), a.Class, brief(a.Error)}, " "))
		rows = append(rows, []string{fmt.Sprintf("attempt %d", a.Number), a.StartedAt.Format(time.RFC3339Nano) + "  " + result})
	}
	return rows
}

// number is that of an answer; nothing where none came.
func number(status *int) string {
	if status == nil {
		return ""
	}
	return fmt.Sprint(*status)
}

// brief is a text on one line, and not too long for a table.
func brief(text string) string {
	line := oneLine(text)
	if runes := []rune(line); len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return line
}

// oneLine is a text on one line: what a target has said must not write anywhere else
// on a terminal.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)), " ")
}
