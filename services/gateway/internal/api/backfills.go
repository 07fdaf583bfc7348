package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

func (a *API) routeBackfills() {
	start := operation(http.MethodPost, "/jobs/{id}/backfill", "backfill-job", runsTag, "Run a job's fires of the past", http.StatusNotFound, http.StatusConflict)
	start.Description = "Runs them one by one, no faster than `rate`, in the queue `low` and under the job's newest revision, when no live fire is due; " +
		"never beside another run of the job unless its overlap policy is `allow`. While the job, its namespace, everything or the queue is paused they wait.\n\n" +
		"A live fire of the job that is due during a run of its backfill waits for the end of that run with the overlap policies `skip`, in one place, and `queue`, " +
		"and goes before the next run of the backfill. With `replace` it cancels that run; the mode `failed` runs it again. With `allow` both run.\n\n" +
		"With `dry_run` it only says what it would run. Where there is nothing to run, nothing is started. Both are answered with 200, a start with 202. " +
		"Fires that are under way are left out, in every mode, and so are those of the last minute."
	start.RequestBody, start.DefaultStatus = bodyOf(a, exampleBackfill()), http.StatusAccepted
	start.Responses = map[string]*huma.Response{"200": {
		Description: "Nothing was started",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: a.schemas().Schema(reflect.TypeFor[backfillPlan](), true, "")}},
	}}
	register(a, keyring.Operator, a.once(start), a.startBackfill)

	list := operation(http.MethodGet, "/jobs/{id}/backfills", "list-backfills", runsTag, "List a job's backfills", http.StatusNotFound)
	list.Description = "The newest first."
	register(a, keyring.Viewer, list, a.listBackfills)

	get := operation(http.MethodGet, "/backfills/{id}", "get-backfill", runsTag, "Say how far a backfill is", http.StatusNotFound)
	register(a, keyring.Viewer, get, a.getBackfill)

	cancel := operation(http.MethodPost, "/backfills/{id}/cancel", "cancel-backfill", runsTag, "Cancel a backfill", http.StatusNotFound, http.StatusConflict)
	cancel.Description = "No more of its runs are handed out. Those that have been are left: in their queue, or in their calls. " +
		"Refused with 409 once all have been handed out. For a minute its fires count as under way, and no other backfill takes them."
	register(a, keyring.Operator, cancel, a.cancelBackfill)
}

// startedBackfill is an answer whose status says whether something was started.
type startedBackfill struct {
	Status int
	Body   backfillPlan
}

func (a *API) startBackfill(ctx context.Context, in *withBody) (*startedBackfill, error) {
	order, err := document(a, &in.payload, (*backfillOrder).complete)
	if err != nil {
		return nil, err
	}
	job, err := a.Jobs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	holds, err := a.holds(ctx, job)
	if err != nil {
		return nil, err
	}
	if order.DryRun {
		plan, err := a.Backfills.Plan(ctx, job.ID, order.span())
		return &startedBackfill{http.StatusOK, viewOfPlan(order, job, plan, holds)}, outsized(err)
	}
	started, plan, err := a.Backfills.Start(ctx, actor(ctx), job, order.span(), order.Rate)
	answer := &startedBackfill{http.StatusOK, viewOfPlan(order, job, plan, holds)}
	if started.ID != uuid.Nil {
		answer.Status, answer.Body.ID = http.StatusAccepted, &started.ID
	}
	return answer, outsized(err)
}

type backfillFilter struct {
	JobPath
	Paging
}

// listBackfills also answers for deleted jobs.
func (a *API) listBackfills(ctx context.Context, in *backfillFilter) (*answer[page[backfillstore.Backfill]], error) {
	before, err := decodeCursor[uuid.UUID](in.Cursor)
	if err != nil {
		return nil, err
	}
	if before == uuid.Nil {
		before = uuid.Max
	}
	found, err := a.Backfills.List(ctx, in.ID, before, in.Limit+1)
	if err == nil && len(found) == 0 {
		_, err = a.Jobs.Revisions(ctx, in.ID, 0, 1)
	}
	return answerWith(newPage(found, in.Limit, func(b backfillstore.Backfill) uuid.UUID { return b.ID }), err)
}

// BackfillPath is the input of a route to one backfill.
type BackfillPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the backfill."`
}

func (a *API) getBackfill(ctx context.Context, in *BackfillPath) (*answer[watchedBackfill], error) {
	progress, err := a.Backfills.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answerWith(a.watch(ctx, progress))
}

func (a *API) cancelBackfill(ctx context.Context, in *BackfillPath) (*answer[backfillstore.Progress], error) {
	return answerWith(a.Backfills.Cancel(ctx, actor(ctx), in.ID))
}
