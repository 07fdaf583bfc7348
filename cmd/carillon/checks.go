package main

import (
	"context"
	"fmt"
	"math"
	"net/http"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func checksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "checks", Short: "List, create and delete checks of jobs that run elsewhere",
		Long: "List, create and delete checks: what has to be heard of jobs that run elsewhere, and when. See docs/alerts.md.",
	}
	cmd.AddCommand(listChecksCommand(), createCheckCommand(), deleteCheckCommand())
	return cmd
}

func listChecksCommand() *cobra.Command {
	var a asking
	var namespace string
	var most int
	cmd := &cobra.Command{
		Use: "list", Short: "List checks, by namespace and name, and what was heard of them", Args: cobra.NoArgs,
		Example: `  carillon checks list
  carillon checks list -o json | jq -r '.[] | select(.status == "overdue") | .name'`,
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "only checks of this namespace")
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		return listing[client.Check]{
			"/checks", filters("namespace", namespace), most,
			[]string{"CHECK", "STATUS", "EXPECTED", "HEARD", "NEXT", "OVERDUE AT", "ADDRESS", "SAID"},
			func(c client.Check) []string {
				return []string{c.Namespace + "/" + c.Name, string(c.Status), expectedOf(c), moment(c.PingedAt, "never"),
					moment(c.ExpectedAt, ""), moment(c.DeadlineAt, ""), server.PingURL(c), brief(c.Message)}
			},
		}.show(cmd, &a, server)
	})
}

// expectedOf says in short when a check has to be heard of.
func expectedOf(c client.Check) string {
	if c.Schedule == nil {
		return "every " + c.Period.String()
	}
	return scheduleOf(carillon.Job{Document: carillon.Document{Schedule: *c.Schedule}})
}

// wantedCheck is what the flags say of a check.
type wantedCheck struct {
	every, grace   string
	cron, timezone string
	labels         map[string]string
}

func createCheckCommand() *cobra.Command {
	var a asking
	var w wantedCheck
	cmd := &cobra.Command{
		Use: "create CHECK --every PERIOD | --cron EXPRESSION", Short: "Create a check, and show the address to ping", Args: cobra.ExactArgs(1),
		Long: `Create a check, and show the address to ping. CHECK is namespace/name, or the name
of one in the namespace default. Who knows the address can ping it: keep it.`,
		Example: `  carillon checks create nightly-backup --cron '0 3 * * *' --tz Europe/Berlin --grace 30m
  carillon checks create billing/import --every 1h --labels team=billing
  curl -fsS -m 10 --retry 5 "$(carillon checks create sync --every 5m -o json | jq -r .ping_url)"`,
	}
	flags := cmd.Flags()
	flags.StringVar(&w.every, "every", "", "the longest time from one ping to the next")
	flags.StringVar(&w.cron, "cron", "", "when pings are expected")
	flags.StringVar(&w.timezone, "tz", "", "time zone of --cron, such as Europe/Berlin (default UTC)")
	flags.StringVar(&w.grace, "grace", "", "how much later a ping may come, and how long a run may take (default 5m)")
	flags.StringToStringVar(&w.labels, "labels", nil, "free marks, which alert routes go by, such as team=billing")
	cmd.MarkFlagsOneRequired("every", "cron")
	cmd.MarkFlagsMutuallyExclusive("every", "cron")
	cmd.MarkFlagsMutuallyExclusive("every", "tz")
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, args []string) error {
		document, err := w.document(args[0])
		if err != nil {
			return err
		}
		var check client.Check
		if err := server.Do(cmd.Context(), http.MethodPost, "/checks", document, &check); err != nil {
			return err
		}
		created := struct {
			client.Check
			PingURL string `json:"ping_url"`
		}{check, server.PingURL(check)}
		return a.show(cmd, created, [][]string{
			{"check", check.Namespace + "/" + check.Name}, {"id", check.ID.String()}, {"expected", expectedOf(check)}, {"grace", check.Grace.String()},
			{"address", created.PingURL}, {"", "Ping it after each success; …/start, …/fail or …/EXIT-CODE say more."},
		})
	})
}

// document is the check that is wanted; whether it makes sense, the server says.
func (w *wantedCheck) document(named string) (carillon.CheckDocument, error) {
	namespace, name := client.Qualified(named)
	d := carillon.CheckDocument{Namespace: namespace, Name: name, Labels: w.labels}
	if w.cron != "" {
		d.Schedule = &schedule.Spec{Cron: w.cron, Timezone: w.timezone}
	}
	var faults fault.Faults
	for _, flag := range []struct {
		name, text string
		into       *carillon.Duration
	}{{"--every", w.every, &d.Period}, {"--grace", w.grace, &d.Grace}} {
		if flag.text != "" {
			faults.Nest(flag.name, flag.into.UnmarshalText([]byte(flag.text)))
		}
	}
	if len(faults) > 0 {
		return d, listed("cannot create this check", faults)
	}
	return d, nil
}

func deleteCheckCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "delete CHECK", Short: "Delete a check, by its id or its name; its address is good for nothing then", Args: cobra.ExactArgs(1),
		Example: `  carillon checks delete billing/import`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		id, err := findCheck(cmd.Context(), server, args[0])
		if err != nil {
			return err
		}
		return a.remove(cmd, server, "/checks/"+id.String(), "check "+id.String())
	})
}

func findCheck(ctx context.Context, server *client.Client, text string) (uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	namespace, name := client.Qualified(text)
	checks, _, err := client.List[client.Check](ctx, server, "/checks", filters("namespace", namespace), math.MaxInt)
	if err != nil {
		return uuid.Nil, err
	}
	for _, check := range checks {
		if check.Name == name {
			return check.ID, nil
		}
	}
	return uuid.Nil, fmt.Errorf("there is no check %s/%s: carillon checks list shows those that there are", namespace, name)
}
