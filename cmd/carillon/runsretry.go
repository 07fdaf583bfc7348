package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

// retryRequest is which ended runs to run again: one, or many.
type retryRequest struct {
	asking
	runFilter
	namespace string
	most      int
	dryRun    bool
}

func retryRunsCommand() *cobra.Command {
	var r retryRequest
	cmd := &cobra.Command{
		Use: "retry RUN | --since INSTANT", Short: "Run ended runs again", Args: cobra.MaximumNArgs(1),
		Long: `Run again one run, or with --since all of a time: those that failed or were lost, or
that are in a --state. Each becomes a new run, once; the old one stays as it is. Of
a job whose overlap policy is not allow the newest is taken: ask again for the rest.`,
		Example: `  carillon runs retry "$ID"
  carillon runs retry --since 2h --namespace billing --dry-run
  carillon runs retry --since 7d --until 1d --job billing/invoices --state failed,expired`,
	}
	r.runFilter.define(cmd)
	cmd.Flags().StringVar(&r.namespace, "namespace", "", "only runs of this namespace")
	cmd.Flags().IntVar(&r.most, "limit", 100, "most runs at once, from 1 to 500")
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "only count them")
	return r.command(cmd, r.run)
}

func (r *retryRequest) run(cmd *cobra.Command, server *client.Client, args []string) error {
	switch {
	case len(args) == 0 && r.since == "":
		return errors.New("say which: the id of a run, or --since INSTANT for all of a time")
	case len(args) == 0:
		return r.many(cmd, server)
	}
	for _, name := range []string{"since", "until", "job", "state", "namespace", "limit", "dry-run"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s: cannot stand beside the id of a run", name)
		}
	}
	run, err := runAbout(cmd, server, http.MethodPost, args[0], "/retry")
	if err != nil {
		return err
	}
	return r.show(cmd, run, runRows(run))
}

func (r *retryRequest) many(cmd *cobra.Command, server *client.Client) error {
	order := client.RedriveOrder{Namespace: r.namespace, Limit: r.most, DryRun: r.dryRun}
	from, to, err := r.span(time.Now())
	if err != nil {
		return err
	}
	order.From, order.To = *from, to
	for _, state := range r.states {
		order.States = append(order.States, carillon.State(state))
	}
	if r.job != "" {
		id, err := server.FindJob(cmd.Context(), r.job)
		if err != nil {
			return err
		}
		order.JobID = &id
	}
	var done client.Redrives
	if err := server.Do(cmd.Context(), http.MethodPost, "/runs/retry", order, &done); err != nil {
		return err
	}
	return r.show(cmd, done, redriveRows(done))
}

func redriveRows(d client.Redrives) [][]string {
	rows := [][]string{
		{"runs", fmt.Sprint(d.Matched), ""},
		{"started", fmt.Sprint(d.Started), ""},
		{"in flight", fmt.Sprint(d.InFlight), "left, for a run of their job is under way"},
		{"gone", fmt.Sprint(d.Gone), "their jobs have been deleted"},
	}
	if d.More {
		rows = append(rows, []string{"more", "yes", "ask again when these have ended"})
	}
	return rows
}

// span reads --since and --until; nil is none.
func (f *runFilter) span(now time.Time) (from, to *time.Time, err error) {
	var faults fault.Faults
	from, to = ago("--since", f.since, now, &faults), ago("--until", f.till, now, &faults)
	if len(faults) > 0 {
		return nil, nil, listed("cannot look at this time", faults)
	}
	return from, to, nil
}

// put puts --since and --until into a query.
func (f *runFilter) put(query url.Values, now time.Time) error {
	from, to, err := f.span(now)
	for name, at := range map[string]*time.Time{"from": from, "to": to} {
		if at != nil {
			query.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	return err
}

// ago reads an instant, or a length of time up to now; nil is none.
func ago(flag, text string, now time.Time, faults *fault.Faults) *time.Time {
	var length carillon.Duration
	if length.UnmarshalText([]byte(text)) == nil && length > 0 {
		at := now.UTC().Add(-time.Duration(length))
		return &at
	}
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case text == "":
		return nil
	case err != nil:
		faults.Add(flag, "%.60q is neither an instant, such as 2026-12-31T00:00:00Z, nor how long ago, such as 90m or 7d", text)
	}
	return &at
}
