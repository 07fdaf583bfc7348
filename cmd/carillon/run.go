package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

// errUnsuccessful is how a run ends that was waited for, and has not succeeded.
var errUnsuccessful = errors.New("the run has not succeeded")

func runCommand() *cobra.Command {
	var a asking
	var wait bool
	cmd := &cobra.Command{
		Use: "run JOB", Short: "Run a job now", Args: cobra.ExactArgs(1),
		Long: `Run a job now, also while it is paused. JOB is an id, namespace/name, or the name of
a job in the namespace default. With every overlap policy but allow it is refused
while a run of the job is in flight.

Ends with 0 once the run has been started, with 1 on errors. With --wait it ends
with 0 if the run has succeeded, and with 3 if it has ended otherwise.`,
		Example: `  carillon run nightly-report
  carillon run billing/invoices --wait && echo done
  carillon run billing/invoices --wait -o json | jq .history`,
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the run has ended")
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, args []string) error {
		id, err := server.FindJob(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		var run client.Run
		if err := server.Do(cmd.Context(), http.MethodPost, "/jobs/"+id.String()+"/run", nil, &run); err != nil {
			return err
		}
		return a.follow(cmd, server, run, wait)
	})
}

// follow shows a run that was started, or if that is wanted how it ends.
func (a *asking) follow(cmd *cobra.Command, server *client.Client, run client.Run, wait bool) error {
	if !wait {
		return a.show(cmd, run, runRows(run))
	}
	done := busy(cmd.ErrOrStderr(), "running "+run.ID.String())
	run, err := endOfRun(cmd.Context(), server, run.ID)
	done()
	if err != nil {
		return err
	}
	if err := a.show(cmd, run, runRows(run)); err != nil {
		return err
	}
	if run.State != carillon.StateSucceeded {
		return errUnsuccessful
	}
	return nil
}

// endOfRun waits until a run has ended. It comes to the ledger only a moment after it
// was started.
func endOfRun(ctx context.Context, server *client.Client, id uuid.UUID) (run client.Run, err error) {
	absent := 0
	err = await(ctx, func() (bool, error) {
		err := server.Do(ctx, http.MethodGet, "/runs/"+id.String(), nil, &run)
		var problem *client.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusNotFound && absent < patience {
			absent++
			return false, nil
		}
		return err == nil && run.State.Final(), err
	})
	switch {
	case ctx.Err() != nil:
		return run, fmt.Errorf("no longer waiting; run %s goes on: see carillon runs get %s", id, id)
	case err != nil:
		return run, fmt.Errorf("no longer waiting for run %s: %w", id, err)
	}
	return run, nil
}
