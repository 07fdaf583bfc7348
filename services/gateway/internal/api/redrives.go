package api

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/redrive"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

func (a *API) routeRedrives() {
	one := operation(http.MethodPost, "/runs/{id}/retry", "retry-run", runsTag, "Run an ended run again", http.StatusNotFound, http.StatusConflict)
	one.Description = "Of a run that is failed, cancelled, expired, lost or missed. It starts a new run of kind `manual`, under the job as it is now and in the " +
		"queue that its runs go to; the old one stays as it is. The target gets the new run's id as Idempotency-Key and the old one's in the header `Carillon-Redrive-Of`. " +
		"Refused with 409 in another state, if the run has been run again before, and while a run of the job is in flight unless its overlap policy is `allow`."
	one.DefaultStatus = http.StatusAccepted
	register(a, keyring.Operator, one, a.redriveRun)

	many := operation(http.MethodPost, "/runs/retry", "retry-runs", runsTag, "Run many ended runs again")
	many.Description = "The newest first, each as by `/runs/{id}/retry`, but in the queue `low` unless their host has one. What was run again before is left " +
		"out. Of a job whose overlap policy is not `allow` one run is taken, the newest. So the same request, when these have ended, does the rest; to do many " +
		"fires of such a job again, one after the other, use a backfill with the mode `failed`.\n\nWith `dry_run` it only counts, and is answered with 200; else with 202."
	many.RequestBody, many.DefaultStatus = bodyOf(a, exampleRedrive()), http.StatusAccepted
	many.Responses = map[string]*huma.Response{"200": {
		Description: "Nothing was started",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: a.schemas().Schema(reflect.TypeFor[redriveResult](), true, "")}},
	}}
	register(a, keyring.Operator, many, a.redriveRuns)
}

func (a *API) redriveRun(ctx context.Context, in *RunPath) (*answer[ledger.Run], error) {
	run, _, err := a.Runs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	queued, err := a.Redriver.One(ctx, actor(ctx), run)
	return answerWith(asQueued(queued), err)
}

// mostRedrives is as many as are surely started within a request's time.
const mostRedrives = 500

// redriveOrder is the body of a redrive in bulk.
type redriveOrder struct {
	Namespace string           `json:"namespace,omitempty" minLength:"1" maxLength:"63" doc:"Only runs of this namespace." example:"billing"`
	JobID     *uuid.UUID       `json:"job_id,omitempty" format:"uuid" doc:"Only runs of this job."`
	States    []carillon.State `json:"states,omitempty" enum:"failed,cancelled,expired,lost,missed" doc:"Only runs in one of these states; failed and lost by default."`
	From      time.Time        `json:"from" doc:"The first fire time that is meant."`
	To        *time.Time       `json:"to,omitempty" doc:"The end of the range, excluded; now by default."`
	Limit     int              `json:"limit,omitempty" minimum:"1" maximum:"500" default:"100" doc:"Most runs at once."`
	DryRun    bool             `json:"dry_run,omitempty" doc:"Only count them."`
}

func exampleRedrive() redriveOrder {
	return redriveOrder{Namespace: "billing", States: []carillon.State{carillon.StateFailed}, From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Limit: 100, DryRun: true}
}

func (o *redriveOrder) complete() error {
	now := time.Now().UTC()
	if o.To == nil {
		o.To = &now
	}
	if len(o.States) == 0 {
		o.States = []carillon.State{carillon.StateFailed, carillon.StateLost}
	}
	o.Limit = min(cmp.Or(o.Limit, 100), mostRedrives)
	var faults fault.Faults
	if !o.From.Before(*o.To) {
		faults.Add("from", "must be before the end of the range, %s", o.To.UTC().Format(time.RFC3339))
	}
	if o.JobID != nil && *o.JobID == uuid.Nil {
		faults.Add("job_id", "is the id of no job")
	}
	return faults.Err()
}

func (o *redriveOrder) selection() redrive.Selection {
	s := redrive.Selection{Namespace: o.Namespace, States: o.States, From: o.From, To: *o.To, Limit: o.Limit}
	if o.JobID != nil {
		s.JobID = *o.JobID
	}
	return s
}

// redriveResult is what became of a redrive in bulk.
type redriveResult struct {
	Matched  int  `json:"matched" doc:"Runs that were taken." example:"40"`
	More     bool `json:"more" doc:"Whether there are others, beyond the limit or of the same jobs."`
	Started  int  `json:"started" doc:"Runs that were started." example:"38"`
	InFlight int  `json:"in_flight" doc:"Runs that were left because a run of their job is in flight." example:"2"`
	Gone     int  `json:"gone" doc:"Runs that cannot run again, because their job has been deleted; they are not taken."`
}

type redriveAnswer struct {
	Status int
	Body   redriveResult
}

func (a *API) redriveRuns(ctx context.Context, in *struct{ payload }) (*redriveAnswer, error) {
	order, err := document(a, &in.payload, (*redriveOrder).complete)
	if err != nil {
		return nil, err
	}
	if order.DryRun {
		result, err := a.Redriver.Count(ctx, order.selection())
		return &redriveAnswer{http.StatusOK, redriveResult(result)}, err
	}
	result, err := a.Redriver.Many(ctx, actor(ctx), order.selection())
	return &redriveAnswer{http.StatusAccepted, redriveResult(result)}, err
}
