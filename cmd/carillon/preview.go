package main

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/preview"
	"github.com/spf13/cobra"
)

// previewRequest is what the flags ask for.
type previewRequest struct {
	previewSource
	from            string
	count, previous int
	output          string
}

func previewCommand() *cobra.Command {
	var request previewRequest
	cmd := &cobra.Command{
		Use:   "preview [CRON]",
		Short: "Say when a schedule fires",
		Long: `Say when a schedule fires, in words and instants, and what may surprise: the
dates of the next year on which the clocks change under it. Where spread or a
blackout moves a fire, its nominal time stands beside it. It is computed here,
by the engine that the planner uses; no server is asked.

A file holds a job document or a schedule alone, in YAML or JSON. A job as the
API returns it is shown with its own H and spread.`,
		Example: `  carillon preview '30 2 * * *' --tz Europe/Berlin
  carillon preview '*/15 2 * * *' --tz Europe/Berlin --dst-repeat both --from 2026-10-24T12:00:00Z
  carillon preview --rrule 'FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17' --anchor 2026-01-01T00:00:00Z
  carillon preview --every 90s --count 3 --previous 3
  carillon preview 'H H * * *' --spread 10m --job-id 0199a6f0-4c1e-7b3a-9d52-6f0e8a1c2b3d
  carillon preview -f job.yaml -o json
  curl -H "Authorization: Bearer $CARILLON_KEY" $CARILLON_SERVER/api/v1/jobs/$ID | carillon preview -f -`,
		Args: oneExpression,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				request.spec.Cron = args[0]
			}
			return request.run(cmd, time.Now())
		},
	}
	request.previewSource.define(cmd)
	request.define(cmd)
	return cmd
}

// oneExpression refuses the fields of an expression that a shell took apart.
func oneExpression(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("takes one cron expression, but got %d arguments; put quotes around it, such as '30 2 * * *'", len(args))
	}
	return nil
}

func (r *previewRequest) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&r.from, "from", "", "instant to look from, such as 2026-12-31T00:00:00Z (default now)")
	flags.IntVar(&r.count, "count", 10, "how many fires after it, from 1 to 1000")
	flags.IntVar(&r.previous, "previous", 0, "how many fires up to it, from 0 to 1000")
	defineOutput(cmd, &r.output)
}

// run computes the preview and writes it.
func (r *previewRequest) run(cmd *cobra.Command, now time.Time) error {
	var faults fault.Faults
	compiled := r.compile(cmd, &faults)
	from := r.check(now, &faults)
	if len(faults) > 0 {
		return listed("cannot preview this", faults)
	}
	table := previewTable{preview.Of(compiled, from, r.count, r.previous), compiled.Zone(), from, "now", r.count}
	if r.from != "" {
		table.label = "from"
	}
	return write(cmd.OutOrStdout(), r.output, table.Preview, table.write)
}

// check notes what is wrong with the flags that are not about the schedule, and
// returns the instant to look from.
func (r *previewRequest) check(now time.Time, faults *fault.Faults) time.Time {
	if from := instant("--from", r.from, faults); from != nil {
		now = *from
	}
	if r.count < 1 || r.count > 1000 {
		faults.Add("--count", "must be from 1 to 1000, not %d", r.count)
	}
	if r.previous < 0 || r.previous > 1000 {
		faults.Add("--previous", "must be from 0 to 1000, not %d", r.previous)
	}
	checkOutput(r.output, faults)
	return now
}
