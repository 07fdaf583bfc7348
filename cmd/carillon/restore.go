package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/archive"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/backup"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

func restoreCommand() *cobra.Command {
	var w workshop
	var catchUp, ranUntil string
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Make an empty system the one that a backup was made of", Args: cobra.ExactArgs(1),
		Long: `Fill an empty Postgres and NATS from a backup. Do it before the first service is started;
then start them, with the master key that the secrets were sealed with.

No target is called for a fire that was called before. So say with --ran-until until when
the system went on after the backup, also if it was stopped for the backup and started
again: fires until then are skipped, with a row that says so, and after it the catch_up
policy of each job decides, as after any outage.`,
		Example: `  carillon restore carillon-2026-11-24.tar.gz --ran-until 2026-11-24T02:30:00Z
  carillon restore before-the-upgrade.tar.gz --ran-until backup     it did nothing after it
  carillon restore carillon-2026-11-24.tar.gz --catch-up skip       go on from now`,
		RunE: func(cmd *cobra.Command, args []string) error {
			choice, err := readChoice(catchUp, ranUntil)
			if err != nil {
				return err
			}
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			whole, err := backup.Open(file, choice)
			if err != nil {
				return whatToDo(err)
			}
			return w.work(cmd, true, func(system backup.System) (backup.Summary, error) {
				summary, err := whole.Restore(cmd.Context(), system)
				return summary, whatToDo(err)
			})
		},
	}
	w.define(cmd, "restoring")
	cmd.Flags().StringVar(&catchUp, "catch-up", "policy", "what becomes of the fires since: each job's policy, or skip for none of them")
	cmd.Flags().StringVar(&ranUntil, "ran-until", "", "until when the system went on: an instant, or backup if it did nothing after the backup")
	return cmd
}

func readChoice(catchUp, ranUntil string) (choice backup.Choice, err error) {
	var faults fault.Faults
	switch catchUp {
	case "policy":
	case "skip":
		choice.Skip = true
	default:
		faults.Add("--catch-up", "must be policy or skip, not %.40q", catchUp)
	}
	if choice.AtRest = ranUntil == "backup"; !choice.AtRest {
		if at := instant("--ran-until", ranUntil, &faults); at != nil {
			choice.RanUntil = *at
		}
	}
	if len(faults) > 0 {
		return choice, listed("cannot do this", faults)
	}
	return choice, nil
}

// whatToDo adds to why nothing was restored what is to be done.
func whatToDo(err error) error {
	var full *backup.NotEmptyError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &full):
		return fmt.Errorf("%w: stop its services, and give an empty database and a NATS without the streams of a Carillon (or a --data-dir that is new)", err)
	case errors.Is(err, backup.ErrUntilWhen):
		return fmt.Errorf("%w: say until when, with --ran-until INSTANT, or with --ran-until backup if it did nothing more; or skip all fires until now, with --catch-up skip", err)
	case errors.Is(err, archive.ErrBroken):
		return fmt.Errorf("%w: nothing was changed; take another copy of the file", err)
	}
	return err
}
