package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// JobPath is the input of a route to one job. Parts of an input are exported,
// because huma leaves out what is not.
type JobPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the job."`
}

func (a *API) routeJobs() {
	create := operation(http.MethodPost, "/jobs", "create-job", jobsTag, "Create a job", http.StatusConflict)
	create.RequestBody, create.DefaultStatus = bodyOf(a, exampleDocument()), http.StatusCreated
	register(a, keyring.Editor, a.once(create), a.createJob)

	list := operation(http.MethodGet, "/jobs", "list-jobs", jobsTag, "List jobs")
	list.Description = "By namespace and name."
	register(a, keyring.Viewer, list, a.listJobs)

	register(a, keyring.Viewer, operation(http.MethodGet, "/jobs/{id}", "get-job", jobsTag, "Read a job", http.StatusNotFound), a.getJob)

	put := operation(http.MethodPut, "/jobs/{id}", "replace-job", jobsTag, "Replace a job's document", http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	put.Description = "What the new document leaves out gets its default. The same document again makes no new revision."
	put.RequestBody = bodyOf(a, exampleDocument())
	register(a, keyring.Editor, put, a.replaceJob)

	patch := operation(http.MethodPatch, "/jobs/{id}", "patch-job", jobsTag, "Change parts of a job's document", http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	patch.Description = "A JSON merge patch (RFC 7396): fields that are left out stay, null resets a field to its default."
	patch.RequestBody = patchBody()
	register(a, keyring.Editor, patch, a.patchJob)

	remove := operation(http.MethodDelete, "/jobs/{id}", "delete-job", jobsTag, "Delete a job", http.StatusNotFound, http.StatusPreconditionFailed)
	remove.Description = "Its runs and its revisions stay."
	register(a, keyring.Editor, remove, a.deleteJob)

	register(a, keyring.Viewer, operation(http.MethodGet, "/jobs/{id}/revisions", "list-revisions", jobsTag,
		"List what a job's document was", http.StatusNotFound), a.listRevisions)
	a.routeJobStats()
}

func (a *API) routeControls() {
	pause := operation(http.MethodPost, "/jobs/{id}/pause", "pause-job", jobsTag, "Pause a job", http.StatusNotFound)
	pause.Description = "A paused job does not fire; time for which it was paused is not missed time."
	register(a, keyring.Operator, pause, a.setPaused(true, jobstore.Paused))
	resume := operation(http.MethodPost, "/jobs/{id}/resume", "resume-job", jobsTag, "Resume a paused job", http.StatusNotFound)
	register(a, keyring.Operator, resume, a.setPaused(false, jobstore.Resumed))

	run := operation(http.MethodPost, "/jobs/{id}/run", "run-job", jobsTag, "Run a job now", http.StatusNotFound, http.StatusConflict)
	run.Description = "Also while it is paused. With every overlap policy but allow it is refused while a run of the job is in flight."
	run.DefaultStatus = http.StatusAccepted
	register(a, keyring.Operator, a.once(run), a.runJob)
}

// exampleDocument is the body that the documentation shows.
func exampleDocument() carillon.Document {
	document := carillon.Document{
		Name: "nightly-report", Labels: map[string]string{"team": "billing"},
		Target: carillon.Target{URL: "https://api.example.com/report", Headers: map[string]string{"X-Kind": "full"}, Body: "{}"},
	}
	document.Schedule.Cron, document.Schedule.Timezone = "30 2 * * *", "Europe/Berlin"
	return document.WithDefaults()
}

func patchBody() *huma.RequestBody {
	return jsonBody(&huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Description: "Any part of a Document.",
	}, map[string]any{"schedule": map[string]any{"cron": "0 3 * * *"}, "labels": nil})
}

// complete fills in the defaults and says what is wrong with the whole.
func (a *API) complete(document *carillon.Document) error {
	*document = document.WithDefaults()
	document.Schedule.Adapted = nil // the store knows it
	var faults fault.Faults
	faults.Nest("", document.Validate())
	if document.Target.Callback != nil && !a.TakesCallbacks {
		faults.Add("target.callback", "needs an address that targets can call back at: set CARILLON_PUBLIC_URL for gateways and runners")
	}
	return faults.Err()
}

func (a *API) createJob(ctx context.Context, in *struct{ payload }) (*jobAnswer, error) {
	wanted, err := document(a, &in.payload, a.complete)
	if err != nil {
		return nil, err
	}
	return answerWithJob(a.Jobs.Create(ctx, actor(ctx), wanted))
}

func (a *API) getJob(ctx context.Context, in *JobPath) (*jobAnswer, error) {
	return answerWithJob(a.Jobs.Get(ctx, in.ID))
}

type withBody struct {
	JobPath
	payload
}

type changeOfJob struct {
	JobPath
	payload
	Precondition
}

// Resolve is there because huma sees only one of those of the parts.
func (in *changeOfJob) Resolve(ctx huma.Context) []error {
	return append(in.payload.Resolve(ctx), in.Precondition.Resolve(ctx)...)
}

type deletionOfJob struct {
	JobPath
	Precondition
}

func (a *API) replaceJob(ctx context.Context, in *changeOfJob) (*jobAnswer, error) {
	wanted, err := document(a, &in.payload, a.complete)
	if err != nil {
		return nil, err
	}
	return answerWithJob(a.Jobs.Change(ctx, actor(ctx), in.ID, in.match, jobstore.Updated,
		func(carillon.Document) (carillon.Document, error) { return wanted, nil }))
}

func (a *API) deleteJob(ctx context.Context, in *deletionOfJob) (*struct{}, error) {
	return nil, a.Jobs.Delete(ctx, actor(ctx), in.ID, in.match)
}

func (a *API) setPaused(paused bool, action jobstore.Action) func(context.Context, *JobPath) (*jobAnswer, error) {
	return func(ctx context.Context, in *JobPath) (*jobAnswer, error) {
		return answerWithJob(a.Jobs.Change(ctx, actor(ctx), in.ID, nil, action,
			func(document carillon.Document) (carillon.Document, error) {
				document.Paused = paused
				return document, nil
			}))
	}
}

func (a *API) runJob(ctx context.Context, in *JobPath) (*answer[ledger.Run], error) {
	job, err := a.Jobs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if job.Queue, err = a.Queues.Route(ctx, job); err != nil {
		return nil, err
	}
	queued, err := a.Trigger.Start(ctx, job)
	if err != nil {
		return nil, err
	}
	a.logAsked(ctx, "run", job.Namespace, "job/"+job.ID.String(), map[string]any{"run_id": queued.RunID})
	return &answer[ledger.Run]{asQueued(queued)}, nil
}
