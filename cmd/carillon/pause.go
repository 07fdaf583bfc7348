package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

func pausesCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "pauses", Short: "List what is paused beside single jobs and queues", Args: cobra.NoArgs,
		Example: `  carillon pauses`,
	}, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		return listing[client.Pause]{
			"/pauses", nil, 0, []string{"WHAT", "PAUSED", "FROM", "BY", "WHY"},
			func(p client.Pause) []string {
				return []string{whatOf(p), yes(p.Paused), moment(&p.EffectiveFrom, ""), brief(p.Actor), brief(p.Reason)}
			},
		}.show(cmd, &a, server)
	})
}

func whatOf(p client.Pause) string {
	if p.Namespace == "" {
		return "everything"
	}
	return "namespace " + p.Namespace
}

// pauseRequest is what a pause or its end is for.
type pauseRequest struct {
	asking
	verb              string // pause or resume
	namespace, reason string
	all               bool
}

func pauseCommand() *cobra.Command {
	r := pauseRequest{verb: "pause"}
	cmd := &cobra.Command{
		Use: "pause JOB | --namespace NAMESPACE | --all", Short: "Pause a job, a namespace or everything",
		Long: `Pause a job, a namespace or everything. What is paused does not fire, and that time
is not missed time. Runs that are under way, in their queues or waiting for a retry
go on, and jobs can be run by hand.`,
		Example: `  carillon pause billing/invoices
  carillon pause --namespace billing --reason "the target is being moved"
  carillon pause --all`,
	}
	cmd.Flags().StringVar(&r.reason, "reason", "", "why, of a namespace or everything, for those who wonder later")
	return r.command(cmd)
}

func resumeCommand() *cobra.Command {
	r := pauseRequest{verb: "resume"}
	return r.command(&cobra.Command{
		Use: "resume JOB | --namespace NAMESPACE | --all", Short: "Resume a job, a namespace or everything",
		Long: `Resume a job, a namespace or everything. A job fires while neither itself nor its
namespace nor everything is paused.`,
		Example: `  carillon resume billing/invoices
  carillon resume --namespace billing
  carillon resume --all`,
	})
}

func (r *pauseRequest) command(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.Flags().StringVar(&r.namespace, "namespace", "", "all jobs of this namespace, also those to come")
	cmd.Flags().BoolVar(&r.all, "all", false, "everything")
	return r.asking.command(cmd, r.run)
}

func (r *pauseRequest) run(cmd *cobra.Command, server *client.Client, args []string) error {
	if err := r.check(cmd, args); err != nil {
		return err
	}
	if len(args) > 0 {
		return r.changeJob(cmd, server, http.MethodPost, args[0], "/"+r.verb, nil)
	}
	wanted := map[string]string{}
	if r.namespace != "" {
		wanted["namespace"] = r.namespace
	}
	if r.reason != "" {
		wanted["reason"] = r.reason
	}
	var now client.Pause
	if err := server.Do(cmd.Context(), http.MethodPost, "/"+r.verb, wanted, &now); err != nil {
		return err
	}
	return r.show(cmd, now, pauseRows(now))
}

// check sees to it that exactly one thing is meant: a namespace that is empty by
// mistake must not stop everything.
func (r *pauseRequest) check(cmd *cobra.Command, args []string) error {
	given := len(args)
	if cmd.Flags().Changed("namespace") {
		given++
	}
	if r.all {
		given++
	}
	switch {
	case given != 1:
		return errors.New("say what is meant: one of JOB, --namespace NAMESPACE or --all")
	case len(args) == 0 && !r.all && r.namespace == "":
		return errors.New("--namespace: must not be empty; everything is --all")
	case len(args) > 0 && r.reason != "":
		return errors.New("--reason: is kept for a namespace or everything, not for a job; leave it out")
	}
	return nil
}

func pauseRows(p client.Pause) [][]string {
	rows := [][]string{{whatOf(p), "paused: " + yes(p.Paused)}}
	if !p.EffectiveFrom.IsZero() {
		rows = append(rows, []string{"from", p.EffectiveFrom.Format(time.RFC3339)})
	}
	if p.Reason != "" {
		rows = append(rows, []string{"why", p.Reason})
	}
	return rows
}
