package main

import (
	"errors"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

// errUnfilled is how a backfill ends that was waited for, and left something.
var errUnfilled = errors.New("not every run of the backfill succeeded")

// ofNothing is the end of a backfill that was not started, for there was nothing to
// run: with --wait a program gets an end in any case.
func ofNothing(plan client.BackfillPlan) client.Backfill {
	return client.Backfill{
		JobID: plan.JobID, From: plan.From, To: plan.To, State: "ended", Runs: map[carillon.State]int{}, WaitsFor: []string{},
	}
}

func (r *backfillRequest) start(cmd *cobra.Command, server *client.Client, job uuid.UUID) error {
	plan, err := server.Backfill(cmd.Context(), job, r.order)
	if err != nil {
		return err
	}
	switch {
	case !r.wait:
		return write(cmd.OutOrStdout(), r.output, plan, startedTable{plan}.write)
	case plan.ID == nil:
		return write(cmd.OutOrStdout(), r.output, ofNothing(plan), startedTable{plan}.write)
	}
	if err := (startedTable{plan}).write(cmd.ErrOrStderr()); err != nil {
		return err
	}
	end, err := backfillWait{server, cmd.ErrOrStderr()}.until(cmd.Context(), *plan.ID)
	if err != nil {
		return err
	}
	if err := write(cmd.OutOrStdout(), r.output, end, endTable{end}.write); err != nil {
		return err
	}
	if end.State != "ended" || end.Runs["succeeded"] < end.Count {
		return errUnfilled
	}
	return nil
}
