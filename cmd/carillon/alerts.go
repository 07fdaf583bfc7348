package main

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

func alertsCommand() *cobra.Command {
	var a asking
	var namespace, job, kind string
	var all bool
	var most int
	cmd := &cobra.Command{
		Use: "alerts", Short: "List what is wrong with jobs and checks", Args: cobra.NoArgs,
		Long: "List what is wrong with jobs and checks, the newest first; with --all also what was, for 90 days. See docs/alerts.md.",
		Example: `  carillon alerts --namespace billing
  carillon alerts --all --job billing/invoices --kind failing
  carillon alerts -o json | jq -r '.[] | .namespace + "/" + .name' | sort -u`,
	}
	flags := cmd.Flags()
	flags.StringVar(&namespace, "namespace", "", "only alerts of this namespace")
	flags.StringVar(&job, "job", "", "only alerts of this job: an id, namespace/name, or a name in the namespace default; or of the check with this id")
	flags.StringVar(&kind, "kind", "", "only alerts of this kind: failing, missed, late, slow, silent, unexplained or overdue")
	completeFlag(cmd, "kind", cobra.FixedCompletions(textsOf(carillon.AlertKinds()), cobra.ShellCompDirectiveNoFileComp))
	flags.BoolVar(&all, "all", false, "also those that have ended")
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		query := filters("namespace", namespace, "kind", kind)
		if !all {
			query.Set("state", "firing")
		}
		if job != "" {
			id, err := server.FindJob(cmd.Context(), job)
			if err != nil {
				return err
			}
			query.Set("object_id", id.String())
		}
		return listing[client.Alert]{
			"/alerts", query, most, []string{"SINCE", "UNTIL", "WHAT", "KIND", "TIMES", "WHY"}, alertRow,
		}.show(cmd, &a, server)
	})
}

func alertRow(a client.Alert) []string {
	return []string{a.StartedAt.Format(time.RFC3339), moment(a.EndedAt, "now"), a.Object + " " + a.Namespace + "/" + a.Name,
		string(a.Kind), fmt.Sprint(a.Times), brief(a.Reason)}
}
