package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// applying is what the flags of an apply say.
type applying struct {
	asking
	files              jobFiles
	set                string
	prune, dryRun, yes bool
}

func applyCommand() *cobra.Command {
	a := &applying{}
	cmd := &cobra.Command{
		Use: "apply -f PATH", Short: "Make jobs what files say", Args: cobra.NoArgs,
		Long: `Make jobs what files say. First the server compares all documents, and names what is
wrong with them before anything changes; then the plan is shown; then it is carried
out, a thousand jobs in a transaction. A second apply changes nothing.

With --set, the jobs are remembered as those of a set; with --prune too, jobs of the set
that have no document any more are deleted, and never any other. A document that does
not say whether its job is paused leaves it as it is.`,
		Example: `  carillon apply -f jobs/
  carillon apply -f jobs/ --set billing --prune --dry-run
  carillon export --namespace billing | carillon apply -f - --yes -o json`,
	}
	a.files.define(cmd)
	flags := cmd.Flags()
	flags.StringVar(&a.set, "set", "", "name of the set that the jobs belong to from then on")
	flags.BoolVar(&a.prune, "prune", false, "delete jobs of the set that have no document; needs --set")
	flags.BoolVar(&a.dryRun, "dry-run", false, "show the plan, and change nothing")
	flags.BoolVarP(&a.yes, "yes", "y", false, "do not ask before the plan is carried out")
	return a.command(cmd, a.run)
}

func (a *applying) run(cmd *cobra.Command, server *client.Client, _ []string) error {
	if a.prune && a.set == "" {
		return errors.New("--prune: needs --set, which says whose jobs may be deleted")
	}
	documents, err := a.files.readSound(cmd)
	if err != nil {
		return err
	}
	work := &application{server, documents, a.set, a.prune, barsOn(cmd.ErrOrStderr())}
	plan, err := work.plan(cmd.Context())
	if err != nil {
		return err
	}
	if a.dryRun || plan.empty() {
		plan.DryRun = a.dryRun
		return write(cmd.OutOrStdout(), a.output, plan, planTable{plan}.write)
	}
	if err := a.agreed(cmd, plan); err != nil {
		return err
	}
	done, err := work.apply(cmd.Context(), plan)
	if err != nil {
		return err
	}
	return write(cmd.OutOrStdout(), a.output, done, planTable{done}.total)
}

// agreed shows the plan, and asks whether to carry it out if nobody said so yet.
func (a *applying) agreed(cmd *cobra.Command, plan *applyResult) error {
	if err := (planTable{plan}).write(cmd.ErrOrStderr()); err != nil || a.yes {
		return err
	}
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return errors.New("nobody is there to agree to this plan: say so with --yes")
	}
	fmt.Fprint(cmd.ErrOrStderr(), "Carry it out? [y/N] ")
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "y" && word != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

// barsOn makes progress bars, for a screen that somebody sees.
func barsOn(screen io.Writer) func(count int, what string) *progressbar.ProgressBar {
	return func(count int, what string) *progressbar.ProgressBar {
		return progressbar.NewOptions(count, progressbar.OptionSetWriter(screen), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(40), progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetVisibility(seen(screen) && count > client.LargestApply))
	}
}
