package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

var errDeclined = errors.New("nothing was started: answer y, or give --yes")

// backfillRequest is what the flags ask for.
type backfillRequest struct {
	connection
	from, to          string
	order             client.BackfillOrder
	dryRun, yes, wait bool
	output            string
}

func backfillCommand() *cobra.Command {
	var request backfillRequest
	cmd := &cobra.Command{
		Use:   "backfill JOB --from INSTANT",
		Short: "Run a job's fires of the past",
		Long: `Run a job's fires of the past: after an outage, or for a job that came too late.
JOB is an id, namespace/name, or the name of a job in the namespace default.

First it shows what would be run, and asks. Then the runs are handed out one by
one, no faster than --rate, in the queue low, when no live fire is due, and never
beside another run of the job, unless that allows overlap. A live fire of the job
that is due during such a run waits for its end, or cancels it, as the job's overlap
policy says; the plan tells which.

  --mode unexplained   fires without any run
  --mode gaps          fires that never ran to an end: no run, missed, expired, lost
  --mode failed        those, and fires that failed or were cancelled
  --mode all           every fire, again

Fires are those that the job's revisions then called for. With --schedule current
they are those of its present schedule, also for times before there was a job, or
when it was paused.

Ends with 0, with 1 on errors, and after --wait with 3 if not every run succeeded.`,
		Example: `  carillon backfill nightly-report --from 2026-11-20T00:00:00Z --dry-run
  carillon backfill billing/invoices --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z --wait
  carillon backfill billing/invoices --from 2026-10-01T00:00:00Z --to 2026-11-01T00:00:00Z --schedule current
  carillon backfill "$ID" --from 2026-11-20T00:00:00Z --mode failed --rate 5 --yes -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return request.run(cmd, args[0]) },
	}
	request.connection.define(cmd)
	request.define(cmd)
	return cmd
}

func (r *backfillRequest) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&r.from, "from", "", "first instant of the range, such as 2026-11-20T00:00:00Z")
	flags.StringVar(&r.to, "to", "", "end of the range, excluded, at most 366 days later (default a minute ago)")
	flags.StringVar(&r.order.Mode, "mode", "gaps", "which fires: unexplained, gaps, failed or all")
	flags.StringVar(&r.order.Schedule, "schedule", "original", "by which schedule: original or current")
	flags.IntVar(&r.order.Rate, "rate", 1, "most runs started in a second, from 1 to 1000")
	flags.BoolVar(&r.dryRun, "dry-run", false, "only show what would be run")
	flags.BoolVarP(&r.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&r.wait, "wait", false, "wait until all runs have ended")
	defineOutput(cmd, &r.output)
}

// run shows, asks, starts and waits, as far as the flags and the answer go.
func (r *backfillRequest) run(cmd *cobra.Command, job string) error {
	if err := r.check(); err != nil {
		return err
	}
	server, err := r.client()
	if err != nil {
		return err
	}
	id, err := server.FindJob(cmd.Context(), job)
	if err != nil {
		return err
	}
	plan, err := r.tryOut(cmd.Context(), server, id)
	if err != nil {
		return err
	}
	switch {
	case r.dryRun || plan.Count == 0 && !r.wait:
		return write(cmd.OutOrStdout(), r.output, plan, backfillTable{plan}.write)
	case plan.Count == 0:
		return write(cmd.OutOrStdout(), r.output, ofNothing(plan), backfillTable{plan}.write)
	}
	if err := r.confirm(cmd, plan); err != nil {
		return err
	}
	return r.start(cmd, server, id)
}

func (r *backfillRequest) check() error {
	var faults fault.Faults
	if from := instant("--from", r.from, &faults); from != nil {
		r.order.From = *from
	} else {
		faults.Add("--from", "is required, such as 2026-11-20T00:00:00Z")
	}
	r.order.To = instant("--to", r.to, &faults)
	oneOf("--mode", r.order.Mode, &faults, "unexplained", "gaps", "failed", "all")
	oneOf("--schedule", r.order.Schedule, &faults, "original", "current")
	if r.order.Rate < 1 || r.order.Rate > 1000 {
		faults.Add("--rate", "must be from 1 to 1000, not %d", r.order.Rate)
	}
	checkOutput(r.output, &faults)
	if len(faults) > 0 {
		return listed("cannot backfill this", faults)
	}
	return nil
}

func oneOf(flag, value string, faults *fault.Faults, known ...string) {
	if !slices.Contains(known, value) {
		faults.Add(flag, "must be %s, not %q", strings.Join(known, " or "), value)
	}
}

// tryOut asks what would be run, and settles the end of the range: what is shown
// is what is started.
func (r *backfillRequest) tryOut(ctx context.Context, server *client.Client, job uuid.UUID) (client.BackfillPlan, error) {
	trial := r.order
	trial.DryRun = true
	plan, err := server.Backfill(ctx, job, trial)
	r.order.To = &plan.To
	return plan, err
}

// confirm shows the plan, where the answer does not go if that is for a program,
// and asks.
func (r *backfillRequest) confirm(cmd *cobra.Command, plan client.BackfillPlan) error {
	out := cmd.OutOrStdout()
	if r.output != formats[0] {
		out = cmd.ErrOrStderr()
	}
	if err := (backfillTable{plan}).write(out); err != nil || r.yes {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "\nRun %s now? [y/N] ", plural(plan.Count, "fire", "fires"))
	answer, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errDeclined
	}
	return nil
}
