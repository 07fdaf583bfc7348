package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

// errUnaccounted is how an audit ends that has been written and is not clean.
var errUnaccounted = errors.New("not every fire is accounted for")

// auditRequest is what the flags ask for.
type auditRequest struct {
	connection
	since, from, to, late string
	namespace, job        string
	output                string
}

func auditCommand() *cobra.Command {
	var request auditRequest
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Account for every fire of a window",
		Long: `Account for every fire of a window: the server computes when every revision of
every job should have fired, and compares that with the ledger.

A fire without a row is unexplained, a row that no fire calls for is unexpected.
The window is at most 31 days long, and reaches back as far as the ledger does.
Fires of the last 15 seconds are not judged yet.

Ends with 0 if every fire is accounted for, with 3 if not, with 1 on errors.`,
		Example: `  carillon audit                                        the last 24 hours
  carillon audit --since 7d --namespace billing
  carillon audit --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z
  carillon audit --since 1h -o json | jq '.unexplained_fires'
  carillon audit --since 1h --late 500ms --server https://cron.example.com --key "$KEY"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return request.run(cmd, time.Now().UTC())
		},
	}
	request.connection.define(cmd)
	request.define(cmd)
	return cmd
}

func (r *auditRequest) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&r.since, "since", "", "length of the window until now, such as 90m or 7d (default 24h)")
	flags.StringVar(&r.from, "from", "", "first instant of the window, such as 2026-11-20T00:00:00Z")
	flags.StringVar(&r.to, "to", "", "end of the window, excluded (default now)")
	flags.StringVar(&r.namespace, "namespace", "", "only jobs of this namespace")
	flags.StringVar(&r.job, "job", "", "only this job: an id, namespace/name, or a name in the namespace default")
	flags.StringVar(&r.late, "late", "5s", "a run that begins later than this after its fire time counts as late")
	defineOutput(cmd, &r.output)
}

// run asks the server and writes its answer.
func (r *auditRequest) run(cmd *cobra.Command, now time.Time) error {
	var faults fault.Faults
	question := r.question(now, &faults)
	checkOutput(r.output, &faults)
	if len(faults) > 0 {
		return listed("cannot audit this", faults)
	}
	server, err := r.client()
	if err != nil {
		return err
	}
	if r.job != "" {
		id, err := server.FindJob(cmd.Context(), r.job)
		if err != nil {
			return err
		}
		question.JobID = id.String()
	}
	done := busy(cmd.ErrOrStderr(), "auditing")
	report, err := server.Audit(cmd.Context(), question)
	done()
	if err != nil {
		return err
	}
	if forgotten(report, question) {
		return fmt.Errorf("nothing of this window can be audited: the ledger has all runs only from %s on (GET /api/v1/retention)",
			report.LedgerFrom.Format(time.DateOnly))
	}
	table := func(out io.Writer) error { return auditTable{report, question.From}.write(out) }
	if err := write(cmd.OutOrStdout(), r.output, report, table); err != nil {
		return err
	}
	if !report.Clean() {
		return errUnaccounted
	}
	return nil
}

// forgotten reports whether a window lies before all that can be audited.
func forgotten(report client.Audit, asked client.AuditQuestion) bool {
	return report.LedgerFrom != nil && asked.From.Before(report.From) && !report.From.Before(report.To)
}

// question reads the flags, and notes what is wrong with them.
func (r *auditRequest) question(now time.Time, faults *fault.Faults) client.AuditQuestion {
	q := client.AuditQuestion{To: now, Namespace: r.namespace}
	if to := instant("--to", r.to, faults); to != nil {
		q.To = *to
	}
	since := carillon.Duration(24 * time.Hour)
	if r.since != "" {
		faults.Nest("--since", since.UnmarshalText([]byte(r.since)))
		if since <= 0 {
			faults.Add("--since", "must be above 0")
		}
		if r.from != "" {
			faults.Add("--from", "cannot stand beside --since")
		}
	}
	q.From = q.To.Add(-time.Duration(since))
	if from := instant("--from", r.from, faults); from != nil {
		q.From = *from
	}
	var late carillon.Duration
	faults.Nest("--late", late.UnmarshalText([]byte(r.late)))
	q.Late = &late
	return q
}
