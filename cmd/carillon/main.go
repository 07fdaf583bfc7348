// Command carillon is the one binary that users meet: the whole system in one
// process (up), one of its services, or the commands of its clients.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/spf13/cobra"
)

func main() { os.Exit(execute()) }

// execute runs the command that the arguments name. The first signal ends it in
// order, a second one at once.
func execute() int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(ctx, cancel)
	err := rootCommand().ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errLosses):
		return 2 // so has this one
	case errors.Is(err, errUnaccounted), errors.Is(err, errUnfilled), errors.Is(err, errUnsuccessful), errors.Is(err, errDifferent):
		return 3 // the report has said all
	case errors.Is(err, errUnwell):
		return 1 // so has this one
	}
	fmt.Fprintln(os.Stderr, "carillon:", err)
	if todo := advice(err); todo != "" {
		fmt.Fprintln(os.Stderr, todo)
	}
	return 1
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "carillon",
		Short:         "A distributed cron manager for HTTP jobs",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	group(root, "Jobs and what becomes of them:",
		jobsCommand(), runCommand(), runsCommand(), logsCommand(), statsCommand(), pauseCommand(), resumeCommand(), pausesCommand(),
		previewCommand(), forecastCommand(), auditCommand(), backfillCommand(), alertsCommand(), checksCommand())
	group(root, "Jobs in files:", applyCommand(), diffCommand(), exportCommand(), validateCommand(), importCommand())
	group(root, "Limits and access:",
		queuesCommand(), secretsCommand(), keysCommand(), whoamiCommand(), namespacesCommand(), auditLogCommand(), contextCommand())
	group(root, "The system:",
		upCommand(), doctorCommand(), resyncCommand(), backupCommand(), restoreCommand(),
		serviceCommand("planner", "Decide when: plan the fires of all jobs", planner.Run),
		serviceCommand("runner", "Make the calls, within the limits of the queues", runner.Run),
		serviceCommand("recorder", "Keep the ledger: write outcomes to Postgres", recorder.Run),
		serviceCommand("gateway", "Serve the API and the live feed", gateway.Run))
	complete(root)
	for _, cmd := range root.Commands() {
		wantMore(cmd)
	}
	return root
}

// group adds commands that the help shows under a title.
func group(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = title
	}
	root.AddCommand(commands...)
}

// wantMore has a command that only has others below it fail unless one of them is named.
func wantMore(cmd *cobra.Command) {
	if cmd.Runnable() || !cmd.HasSubCommands() {
		return
	}
	cmd.DisableFlagsInUseLine = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("there is no command %q: see %s --help", cmd.CommandPath()+" "+args[0], cmd.CommandPath())
		}
		cmd.SetOut(cmd.ErrOrStderr())
		return errors.Join(cmd.Help(), fmt.Errorf("%s wants one of its commands", cmd.CommandPath()))
	}
}

// serviceCommand runs one service as this process. Its settings come from the
// environment, like those of the service's own binary.
func serviceCommand[C any](name, short string, run func(context.Context, C, *service.Health) error) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Long:  short + ".\n\nSettings come from the environment: see docs/settings.md.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return service.Run(cmd.Context(), name, run)
		},
	}
}
