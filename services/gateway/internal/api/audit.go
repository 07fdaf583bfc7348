package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/whereabouts"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/google/uuid"
)

const auditFires = "audit"

// mostListed bounds each list of an audit.
const mostListed = 1000

func (a *API) routeAudit() {
	op := operation(http.MethodGet, "/audit", auditFires, runsTag, "Account for every fire of a window", http.StatusNotFound)
	op.Description = "Computes when every revision of every job should have fired, and compares that with the runs. " +
		"A fire without a run is unexplained, unless NATS has it: undecided, held, or in its queue. Then it is pending.\n\n" +
		"Takes a second for some two million runs that are as expected, or 300,000 that are not, and at most two minutes; one audit at a time. It ends when the client goes."
	register(a, keyring.Viewer, op, a.audit)
}

// auditQuestion is the input of an audit.
type auditQuestion struct {
	From      time.Time `query:"from" doc:"The first fire time; a day before the end by default."`
	To        time.Time `query:"to" doc:"The end, excluded, at most 31 days later; now by default."`
	Namespace string    `query:"namespace" doc:"Only jobs of this namespace."`
	JobID     uuid.UUID `query:"job_id" format:"uuid" doc:"Only this job."`
	Late      string    `query:"late" default:"5s" doc:"A run that begins later than this after its fire time counts as late."`
	Settling  string    `query:"settling" default:"15s" doc:"Fires younger than this are not judged; at most 1d."`

	conn           net.Conn
	late, settling carillon.Duration
}

// Resolve fills in the window, and names what is wrong with the question.
func (q *auditQuestion) Resolve(ctx huma.Context) []error {
	q.conn = humafiber.Unwrap(ctx).Context().Conn()
	malformed := unread(ctx, "from") || unread(ctx, "to")
	if ctx.Query("to") == "" {
		q.To = time.Now().UTC()
	}
	if ctx.Query("from") == "" {
		q.From = q.To.Add(-24 * time.Hour)
	}
	faults := queryFaults{}
	switch {
	case malformed: // which is said already
	case !q.From.Before(q.To):
		faults.add("from", "must be before to")
	case q.To.Sub(q.From) > ledger.MaxWindow:
		faults.add("from", "must be at most 31 days before to")
	}
	q.late = faults.duration("late", q.Late, ledger.MaxWindow)
	q.settling = faults.duration("settling", q.Settling, 24*time.Hour)
	return faults
}

// unread reports whether a parameter is given and no instant.
func unread(ctx huma.Context, name string) bool {
	text := ctx.Query(name)
	_, err := time.Parse(time.RFC3339Nano, text)
	return text != "" && err != nil
}

// queryFaults are what is wrong with parameters.
type queryFaults []error

func (f *queryFaults) add(name, message string) {
	*f = append(*f, &huma.ErrorDetail{Location: "query." + name, Message: message})
}

// duration reads a duration from 0 to a longest one.
func (f *queryFaults) duration(name, text string, longest time.Duration) (d carillon.Duration) {
	if err := d.UnmarshalText([]byte(text)); err != nil {
		f.add(name, err.Error())
	} else if d < 0 || d > carillon.Duration(longest) {
		f.add(name, "must be from 0s to "+carillon.Duration(longest).String())
	}
	return d
}

// audit also answers for deleted jobs.
func (a *API) audit(ctx context.Context, in *auditQuestion) (*answer[audit.Report], error) {
	if in.JobID != uuid.Nil {
		if _, err := a.Jobs.Revisions(ctx, in.JobID, 0, 1); err != nil {
			return nil, err
		}
	}
	ctx, end := a.whileHeard(ctx, in.conn)
	defer end()
	report, err := a.Runs.Audit(ctx, ledger.Audited{
		Window:    audit.Window{From: in.From.UTC(), To: in.To.UTC(), Most: mostListed},
		Namespace: in.Namespace, JobID: in.JobID, Settling: time.Duration(in.settling),
		Timed: true, Late: time.Duration(in.late),
	})
	if errors.Is(err, ledger.ErrTooLong) {
		return nil, unavailable(err.Error())
	}
	if err == nil && report.Unexplained > 0 {
		err = a.find(ctx, &report)
	}
	return answerWith(report, err)
}

// find takes out of a report the fires that are on their way to the ledger.
func (a *API) find(ctx context.Context, report *audit.Report) error {
	states, err := a.Finder.Find(ctx, report.UnexplainedFires)
	if errors.Is(err, whereabouts.ErrUnavailable) {
		return unavailable("some fires have no row, and NATS is not there to say whether they wait in it")
	}
	report.Learn(states)
	return err
}
