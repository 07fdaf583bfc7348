package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/spf13/cobra"
)

// preview is what the command says of a schedule: the answer of
// POST /api/v1/schedules/preview.
type preview struct {
	Fires       []time.Time `json:"fires"`
	Description string      `json:"description"`
	Warnings    []string    `json:"warnings"`
}

// previewRequest is what the flags ask for.
type previewRequest struct {
	spec   schedule.Spec
	every  string
	from   string
	seed   string
	count  int
	output string
}

func previewCommand() *cobra.Command {
	var request previewRequest
	cmd := &cobra.Command{
		Use:   "preview [CRON]",
		Short: "Say when a schedule fires",
		Long: `Say when a schedule fires next, in words and instants, and what may surprise: the
dates of the next year on which the clocks change under it. It is computed here,
by the engine that the planner uses; no server is asked.`,
		Example: `  carillon preview '30 2 * * *' --tz Europe/Berlin
  carillon preview --every 90s --count 3
  carillon preview 'H H * * *' --seed my-job -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				request.spec.Cron = args[0]
			}
			return request.run(cmd.OutOrStdout(), time.Now())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&request.every, "every", "", "a fixed interval instead of a cron expression, such as 90s")
	flags.StringVar(&request.spec.RRule, "rrule", "", "an iCalendar recurrence rule instead of a cron expression")
	flags.StringVar(&request.spec.Timezone, "tz", "", "time zone, such as Europe/Berlin (default UTC)")
	flags.StringVar(&request.spec.Spread, "spread", "", "spread over a duration or a percentage of the interval")
	flags.StringVar(&request.from, "from", "", "fires after this instant, such as 2026-12-31T00:00:00Z (default now)")
	flags.StringVar(&request.seed, "seed", "preview", "job id that H and the spread are computed from")
	flags.IntVar(&request.count, "count", 10, "how many fires, from 1 to 1000")
	flags.StringVarP(&request.output, "output", "o", "table", "table or json")
	return cmd
}

// run computes the preview and writes it.
func (r *previewRequest) run(out io.Writer, now time.Time) error {
	compiled, from, err := r.read(now)
	if err != nil {
		return err
	}
	p := preview{Fires: []time.Time{}, Description: compiled.Describe(), Warnings: append([]string{}, compiled.Warnings(from)...)}
	for at, ok := compiled.Next(from); ok && len(p.Fires) < r.count; at, ok = compiled.Next(at) {
		p.Fires = append(p.Fires, at)
	}
	if r.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(p)
	}
	return p.write(out, r.spec.Timezone)
}

// read checks everything that was asked for.
func (r *previewRequest) read(now time.Time) (*schedule.Schedule, time.Time, error) {
	var problems []error
	if r.every != "" {
		problems = append(problems, r.spec.Every.UnmarshalText([]byte(r.every)))
	}
	if r.from != "" {
		at, err := time.Parse(time.RFC3339, r.from)
		if err != nil {
			err = fmt.Errorf("--from: %q is not an instant, such as 2026-12-31T00:00:00Z", r.from)
		}
		now, problems = at, append(problems, err)
	}
	if r.count < 1 || r.count > 1000 {
		problems = append(problems, fmt.Errorf("--count: must be from 1 to 1000, not %d", r.count))
	}
	if r.output != "table" && r.output != "json" {
		problems = append(problems, fmt.Errorf("--output: must be table or json, not %q", r.output))
	}
	compiled, err := r.spec.Compile(r.seed)
	return compiled, now, errors.Join(append(problems, err)...)
}

// write shows the preview to a person, in the schedule's own zone and in UTC.
func (p preview) write(out io.Writer, zone string) error {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n\n", p.Description)
	for _, at := range p.Fires {
		local := at.In(location)
		fmt.Fprintf(out, "  %s", local.Format("Mon 2006-01-02 15:04:05 MST"))
		if location != time.UTC {
			fmt.Fprintf(out, "   %s", at.Format(time.RFC3339))
		}
		fmt.Fprintln(out)
	}
	for i, warning := range p.Warnings {
		if i == 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "! %s\n", warning)
	}
	return nil
}
