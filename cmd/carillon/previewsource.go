package main

import (
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/preview"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

// previewSource is the schedule that the flags give, or the file that they name.
type previewSource struct {
	spec              schedule.Spec
	every, at, anchor string
	start, end        string
	gap, repeat       string
	file, jobID       string
}

// specFlags give the schedule itself, so they exclude a file.
var specFlags = []string{"every", "at", "rrule", "anchor", "tz", "spread", "dst-gap", "dst-repeat", "start", "end"}

func (s *previewSource) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&s.file, "file", "f", "", "file with a job document or a schedule, YAML or JSON; - is standard input")
	flags.StringVar(&s.every, "every", "", "a fixed interval instead of a cron expression, such as 90s")
	flags.StringVar(&s.at, "at", "", "one instant instead of a cron expression, such as 2026-12-31T23:00:00Z")
	flags.StringVar(&s.spec.RRule, "rrule", "", "an iCalendar recurrence rule instead of a cron expression, with --anchor or a DTSTART line")
	flags.StringVar(&s.anchor, "anchor", "", "instant that --every and --rrule count from")
	flags.StringVar(&s.spec.Timezone, "tz", "", "time zone, such as Europe/Berlin (default UTC)")
	flags.StringVar(&s.spec.Spread, "spread", "", "spread over a duration or a percentage of the interval")
	flags.StringVar(&s.gap, "dst-gap", "", "fires that the clocks jump over: run_after (default) or skip")
	flags.StringVar(&s.repeat, "dst-repeat", "", "local times that come twice: first (default), second or both")
	flags.StringVar(&s.start, "start", "", "the first instant at which it may fire")
	flags.StringVar(&s.end, "end", "", "the first instant at which it may no longer fire")
	flags.StringVar(&s.jobID, "job-id", "", "id of the job whose H and spread to show (default that of the file, or some job's)")
}

// compile reads and compiles the schedule, and notes everything wrong with it.
func (s *previewSource) compile(cmd *cobra.Command, faults *fault.Faults) *schedule.Schedule {
	place := ""
	if s.file == "" {
		s.readFlags(faults)
	} else {
		place = s.readFile(cmd, faults)
	}
	compiled, err := s.spec.Compile(preview.Seed(s.jobID))
	var meaning fault.Faults
	meaning.Nest(place, err)
	form := slices.Clone(*faults)
	for _, f := range meaning {
		if !slices.ContainsFunc(form, func(g fault.Fault) bool { return explains(g, f) }) {
			*faults = append(*faults, f)
		}
	}
	return compiled
}

// explains reports whether what is malformed, and so was left out of the spec,
// lies at or within the place that seems to lack something or around it.
func explains(malformed, f fault.Fault) bool {
	return strings.HasPrefix(malformed.Field, f.Field) || strings.HasPrefix(f.Field, malformed.Field)
}

func (s *previewSource) readFlags(faults *fault.Faults) {
	if s.every != "" {
		faults.Nest("every", s.spec.Every.UnmarshalText([]byte(s.every)))
	}
	s.spec.At, s.spec.Anchor = instant("at", s.at, faults), instant("anchor", s.anchor, faults)
	s.spec.Start, s.spec.End = instant("start", s.start, faults), instant("end", s.end, faults)
	s.spec.DST.Gap, s.spec.DST.Repeat = schedule.Gap(s.gap), schedule.Repeat(s.repeat)
}

// instant reads a flag's or a field's instant; nil is none.
func instant(name, text string, faults *fault.Faults) *time.Time {
	if text == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		faults.Add(name, "%.60q is not an instant, such as 2026-12-31T00:00:00Z", text)
	}
	return &at
}

// readFile reads the file, and returns where in it the schedule is.
func (s *previewSource) readFile(cmd *cobra.Command, faults *fault.Faults) (place string) {
	s.refuseSpecFlags(cmd, faults)
	text, err := slurp(s.file, cmd.InOrStdin())
	if err != nil {
		faults.Nest("--file", err)
		return ""
	}
	tree, err := document.Parse(text)
	if err != nil {
		faults.Nest("--file", err)
		return ""
	}
	if !isJob(tree) {
		faults.Nest("", tree.Decode(&s.spec))
		return ""
	}
	var job carillon.Job // as the API returns it; a document has no id
	faults.Nest("", tree.Decode(&job))
	s.spec = job.Schedule
	if s.jobID == "" && job.ID != uuid.Nil {
		s.jobID = job.ID.String()
	}
	return "schedule"
}

// isJob tells a job document from a schedule alone.
func isJob(tree document.Tree) bool {
	return tree.Has("schedule") || tree.Has("target") || tree.Has("name")
}

func (s *previewSource) refuseSpecFlags(cmd *cobra.Command, faults *fault.Faults) {
	if s.spec.Cron != "" {
		faults.Add("CRON", "cannot stand beside --file")
	}
	for _, name := range specFlags {
		if cmd.Flags().Changed(name) {
			faults.Add("--"+name, "cannot stand beside --file; write it into the file")
		}
	}
}

// slurp reads a file, but not more of it than tells that it is too long.
func slurp(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(stdin, document.MaxBytes+1))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, document.MaxBytes+1))
}
