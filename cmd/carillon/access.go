package main

import (
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

func whoamiCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "whoami", Short: "Say which server is asked, whom the key stands for, and what it may do", Args: cobra.NoArgs,
		Example: `  carillon whoami
  carillon whoami --context production -o json | jq -r .role`,
	}, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		var who client.Identity
		if err := server.Do(cmd.Context(), http.MethodGet, "/session", nil, &who); err != nil {
			return err
		}
		return a.show(cmd, who, [][]string{
			{"server", server.Address()}, {"name", who.Name}, {"role", who.Role}, {"namespaces", namespacesOf(who.Namespaces)},
			{"expires", moment(who.ExpiresAt, "never")},
		})
	})
}

func namespacesCommand() *cobra.Command {
	var a asking
	var most int
	cmd := &cobra.Command{
		Use: "namespaces", Short: "List the namespaces that the key may see", Args: cobra.NoArgs,
		Long:    "List the namespaces that the key is for; with a key for all, those with jobs. A namespace needs no creating.",
		Example: `  carillon namespaces -o json | jq -r '.[].name'`,
	}
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		return listing[client.Namespace]{
			"/namespaces", nil, most, []string{"NAMESPACE"}, func(n client.Namespace) []string { return []string{n.Name} },
		}.show(cmd, &a, server)
	})
}

func auditLogCommand() *cobra.Command {
	var a asking
	var namespace, object, actor, action string
	var f runFilter
	var most int
	cmd := &cobra.Command{
		Use: "audit-log", Short: "Say who changed what, the newest first", Args: cobra.NoArgs,
		Long: `Say who changed what, the newest first. With -o json or yaml also what was before and
what came of it; never the value of a secret or a key.`,
		Example: `  carillon audit-log --since 1d --object job/
  carillon audit-log --actor deploy --action deleted
  carillon audit-log --object queue/default --limit 1 -o json | jq '.[0] | .before, .after'`,
	}
	flags := cmd.Flags()
	flags.StringVar(&namespace, "namespace", "", "only changes in this namespace")
	flags.StringVar(&object, "object", "", "only changes of this object, such as queue/default, or of all of a kind, such as job/")
	flags.StringVar(&actor, "actor", "", "only changes by this key or person")
	flags.StringVar(&action, "action", "", "only changes of this kind, such as deleted")
	flags.StringVar(&f.since, "since", "", "only changes from here on: an instant, or how long ago, such as 90m or 7d")
	flags.StringVar(&f.till, "until", "", "only changes before this: an instant, or how long ago")
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		query := filters("namespace", namespace, "object", object, "actor", actor, "action", action)
		if err := f.put(query, time.Now()); err != nil {
			return err
		}
		return listing[client.Change]{
			"/audit-log", query, most, []string{"AT", "WHO", "ACTION", "OBJECT", "NAMESPACE"},
			func(c client.Change) []string {
				return []string{c.At.Format(time.RFC3339), brief(c.Actor), c.Action, brief(c.Object), c.Namespace}
			},
		}.show(cmd, &a, server)
	})
}
