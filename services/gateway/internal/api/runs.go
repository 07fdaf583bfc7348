package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

func (a *API) routeRuns() {
	list := operation(http.MethodGet, "/runs", "list-runs", runsTag, "List runs")
	list.Description = "The newest fire time first."
	register(a, keyring.Viewer, list, a.listRuns)

	get := operation(http.MethodGet, "/runs/{id}", "get-run", runsTag, "Read a run and its attempts", http.StatusNotFound)
	get.Description = "A run is in the ledger a moment after it was started or has ended."
	register(a, keyring.Viewer, get, a.getRun)

	a.routeAudit()
	a.routeAudits()
}

type runFilter struct {
	Namespace []string         `query:"namespace,explode" maxItems:"20" doc:"Only runs of this namespace; may be given several times."`
	JobID     uuid.UUID        `query:"job_id" format:"uuid" doc:"Only runs of this job."`
	State     []carillon.State `query:"state,explode" enum:"queued,running,retrying,succeeded,failed,cancelled,skipped,missed,expired,lost" doc:"Only runs in this state; may be given several times."`
	Kind      carillon.Kind    `query:"kind" enum:"schedule,manual,backfill" doc:"Only runs of this kind."`
	From      time.Time        `query:"from" doc:"Only runs with a fire time at or after this instant."`
	To        time.Time        `query:"to" doc:"Only runs with a fire time before this instant."`
	Paging
}

func (a *API) listRuns(ctx context.Context, in *runFilter) (*answer[page[ledger.Run]], error) {
	after, err := decodeCursor[ledger.Position](in.Cursor)
	if err != nil {
		return nil, err
	}
	runs, err := a.Runs.List(ctx, ledger.Filter{
		Namespaces: in.Namespace, JobID: in.JobID, States: in.State, Kind: in.Kind,
		From: in.From, To: in.To, After: after, Limit: in.Limit + 1,
	})
	return answerWith(newPage(runs, in.Limit, ledger.PositionOf), err)
}

// RunPath is the input of a route to one run.
type RunPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the run."`
}

type runWithHistory struct {
	ledger.Run
	History []ledger.Attempt `json:"history" doc:"The attempts, in order."`
}

func (a *API) getRun(ctx context.Context, in *RunPath) (*answer[runWithHistory], error) {
	run, attempts, err := a.Runs.Get(ctx, in.ID)
	return answerWith(runWithHistory{run, append([]ledger.Attempt{}, attempts...)}, err)
}

// asQueued is the line that a fresh run will have in the ledger.
func asQueued(o wire.Outcome) ledger.Run {
	return ledger.Run{
		ID: o.RunID, JobID: o.JobID, Job: o.Job, Namespace: o.Namespace, Revision: o.Revision, Queue: o.Queue,
		Kind: o.Kind, FireTime: o.FireTime, State: o.State, Reason: o.Reason, PlannedAt: o.PlannedAt,
	}
}
